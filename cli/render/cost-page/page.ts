import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { CostReport } from "../../services/cost/result.ts";
import { formatUtc } from "../text.ts";
import { Html, html, scriptJson } from "./html.ts";
import { SCRIPT } from "./script.ts";
import {
  daySection,
  entrySection,
  headline,
  regionSection,
  type Section,
  savingsSection,
  sweepSection,
  unfinishedPart,
} from "./sections.ts";
import { STYLE } from "./style.ts";

/**
 * The report as one self-contained page: it includes styles, data and the charting library, and its content security
 * policy blocks loads and other scripts.
 */
export async function renderCostPage(report: CostReport): Promise<string> {
  const library = await chartLibrary();
  const sections = report.operations === 0 ? [] : sectionsOf(report);
  const scripts = sections.length === 0 ? [] : [library, SCRIPT];
  const title = `Staging Cost Report (${report.period.label})`;
  return `${
    html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${policyOf(scripts)}">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${new Html(STYLE)}</style>
</head>
<body>
<main>
<header>
<h1>Staging Cost Report</h1>
<p class="period">${report.period.label}</p>
${facts(report)}
</header>
${sections.length === 0 ? html`<p class="card empty">Nothing was staged in this period.</p>` : html`${headline(report)}${sections.map((section) => section.html)}`}
${unfinishedPart(report)}
<footer>Computed by spawn from its usage ledger and a price book; not a bill of AWS. 1 GB is 2<sup>30</sup> bytes. Amounts are US dollars, times are UTC.</footer>
</main>
${sections.length === 0 ? "" : html`<script type="application/json" id="chart-data">${scriptJson(sections.map(({ chart }) => chart))}</script>`}
${scripts.map((script) => html`<script>${new Html(script)}</script>`)}
</body>
</html>
`.text
  }`;
}

const sectionsOf = (report: CostReport): Section[] => [
  daySection(report),
  entrySection(report),
  regionSection(report),
  sweepSection(report),
  savingsSection(report),
];

function facts({ period, prices, filter }: CostReport): Html {
  const all = [
    `${formatUtc(period.since)} – ${formatUtc(period.until)}`,
    prices === "guide" ? "prices from the user guide" : "AWS list prices",
    ...(filter.stagingId === undefined ? [] : [`only ${filter.stagingId}`]),
    ...(filter.sweepId === undefined ? [] : [`only ${filter.sweepId}`]),
  ];
  return html`<ul class="facts">${all.map((fact) => html`<li>${fact}</li>`)}</ul>`;
}

/** https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CSP */
function policyOf(scripts: readonly string[]): string {
  const hashes = (texts: readonly string[]): string =>
    texts.map((text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`).join(" ");
  return `default-src 'none'; img-src data:; style-src ${hashes([STYLE])}; script-src ${hashes(scripts) || "'none'"}`;
}

/** Chart.js with its licence, as it is in its package. https://www.chartjs.org */
async function chartLibrary(): Promise<string> {
  const entry = import.meta.resolve("chart.js");
  const [code, licence] = await Promise.all(
    ["chart.umd.min.js", "../LICENSE.md"].map((name) => readFile(new URL(name, entry), "utf8")),
  );
  const script = `/*!\n${licence?.trim()}\n*/\n${code?.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "")}\n`;
  return script.replaceAll(/<\/(script)/gi, "<\\/$1");
}
