import type { CostReport } from "../../services/cost/result.ts";
import { Html, html, scriptJson } from "../html.ts";
import { builtText, contentPolicy, pageText } from "../page.ts";
import { formatUtc } from "../text.ts";
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
  const library = await builtText("cost-page/chart.js");
  const sections = report.operations === 0 ? [] : sectionsOf(report);
  const scripts = sections.length === 0 ? [] : [library, SCRIPT];
  const title = `Staging Cost Report (${report.period.label})`;
  const body = html`<main>
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
${scripts.map((script) => html`<script>${new Html(script)}</script>`)}`;
  return pageText({ title, policy: contentPolicy([STYLE], scripts), style: STYLE, body });
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
