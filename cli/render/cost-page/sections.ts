import { totalOf } from "../../../staging/bill.ts";
import { formatMoney, type MicroDollars, toDollars } from "../../../staging/money.ts";
import { formatBytes, formatInteger } from "../../../staging/units.ts";
import type { Cost, CostReport, EntryCost } from "../../services/cost/result.ts";
import { savingsOf } from "../cost-text.ts";
import { type Html, html } from "../html.ts";
import { formatShare, formatUtcDay, plural } from "../text.ts";
import {
  allStorage,
  type Chart,
  dayChart,
  entryChart,
  regionChart,
  savingsChart,
  sweepChart,
  TOP_ENTRIES,
  timesOf,
} from "./charts.ts";

/** A part of the page, and the chart of its canvas. */
export interface Section {
  readonly html: Html;
  readonly chart: Chart;
}

/** Maximum rows of a table in the page. Ten thousand would make it slow; the CSV has them all. */
const TABLE_ROWS = 100;

/** An amount with its exact value for programs. */
const money = (amount: MicroDollars): Html =>
  html`<data value="${toDollars(amount)}">${formatMoney(amount)}</data>`;

const entriesOf = (count: number): string => plural(count, "entry", "entries");

/** The figures at the top. */
export function headline(report: CostReport): Html {
  const { total, replication, requests, compared } = report;
  const storage = allStorage(report);
  const part = (amount: MicroDollars): string =>
    total === 0 ? "" : `${formatShare(amount / total)} of the total`;
  const saved = compared.share !== undefined && compared.saved > 0;
  return html`<dl class="figures">
${[
  figure("Total cost", money(total), `${plural(report.operations, "staging operation")}`, "main"),
  figure("Replication", money(replication), part(replication), "replication"),
  figure("Storage", money(storage), part(storage), "storage"),
  ...(requests === 0 ? [] : [figure("Requests", money(requests), part(requests), "requests")]),
  figure("Data staged", html`${formatBytes(report.stagedBytes)}`, entriesOf(report.entries.length), ""),
  figure(
    "Saved",
    saved ? money(compared.saved) : html`–`,
    saved ? `${formatShare(compared.share ?? 0)} of direct transfer` : "nothing yet",
    saved ? "saved" : "",
  ),
]}
</dl>`;
}

function figure(name: string, value: Html, note: string, kind: string): Html {
  return html`<div class="figure ${kind}"><dt>${name}</dt><dd><strong>${value}</strong><span>${note}</span></dd></div>`;
}

export function daySection({ days }: CostReport): Section {
  const { unit, times } = timesOf(days);
  const head = { day: "Day (UTC)", week: "Week from", month: "Month" }[unit];
  const rows = times.map((time) => ({
    head: html`<time datetime="${time.label}">${time.label}</time>`,
    ...time,
  }));
  return section(
    dayChart(times),
    `Cost a ${unit}`,
    "A replication counts at its time, storage while it lasts.",
    costTable(head, rows),
  );
}

export function entrySection(report: CostReport): Section {
  const rows = report.entries.slice(0, TABLE_ROWS).map((entry) => ({
    ...entry,
    head: html`<code>${entry.stagingId}</code><small>${entry.filename}</small><small>${entryFacts(entry)}</small>`,
  }));
  const more = report.entries.length - rows.length;
  const top =
    report.entries.length > TOP_ENTRIES ? `The chart shows the ${TOP_ENTRIES} most expensive. ` : "";
  const rest = more > 0 ? `${formatInteger(more)} more entries are in the CSV (--format csv).` : "";
  return section(entryChart(report), "Top entries by cost", `${top}${rest}`, costTable("Entry", rows));
}

function entryFacts({ sizeBytes, regions, endedAt }: EntryCost): string {
  const end = endedAt === undefined ? "staged" : `until ${formatUtcDay(endedAt)}`;
  return [formatBytes(sizeBytes), plural(regions.length, "region"), end].join("\u00a0· ");
}

export function regionSection(report: CostReport): Section {
  const rows = report.regions.map((cost) => ({ head: html`${cost.region}`, ...cost }));
  return section(
    regionChart(report),
    "By region",
    "A replication counts in the region that received it.",
    costTable("Region", rows),
  );
}

export function sweepSection(report: CostReport): Section {
  const rows = report.sweeps.slice(0, TABLE_ROWS).map(({ sweepId, entries, ...cost }) => ({
    ...cost,
    head: html`${sweepId ?? "no sweep"}<small>${entriesOf(entries)}</small>`,
  }));
  return section(sweepChart(report), "By sweep", "", costTable("Sweep", rows));
}

export function savingsSection(report: CostReport): Section {
  const { compared, total, replication, requests } = report;
  const row = (name: string, amount: MicroDollars): Html =>
    html`<tr><th scope="row">${name}</th><td>${money(amount)}</td></tr>`;
  const table = html`<table>
<thead><tr><th scope="col">Way</th><th scope="col">Cost</th></tr></thead>
<tbody>
${[row("Direct transfer", compared.direct), row("Staging: replication", replication), row("Staging: storage", allStorage(report)), ...(requests === 0 ? [] : [row("Staging: requests", requests)]), row("Staging: total", total)]}
</tbody>
<tfoot>${row("Saved", compared.saved)}</tfoot>
</table>`;
  return section(
    savingsChart(report),
    "Savings vs. direct transfer",
    `Saved: ${savingsOf(report)}. Only instances outside the primary region that downloaded the data count, spread evenly over the lifetime of the data.`,
    table,
  );
}

function section(chart: Chart, title: string, note: string, table: Html): Section {
  const bars =
    chart.bars === "up" ? "tall" : `rows-${Math.min(Math.max(chart.labels.length, 2), TOP_ENTRIES)}`;
  return {
    chart,
    html: html`<section class="card" id="section-${chart.id}" aria-labelledby="title-${chart.id}">
<h2 id="title-${chart.id}">${title}</h2>
<p class="note">${note}</p>
<div class="split">
<div class="chart ${bars}"><canvas id="chart-${chart.id}" role="img" aria-label="${title}, as a bar chart. The table beside it has the figures."></canvas></div>
<div class="scroll" tabindex="0" role="region" aria-label="${title}, as a table">${table}</div>
</div>
</section>`,
  };
}

function costTable(head: string, rows: readonly (Cost & { readonly head: Html })[]): Html {
  const hasRequests = rows.some(({ requests }) => requests > 0);
  const line = (row: Cost & { readonly head: Html }): Html => {
    const requests = hasRequests ? html`<td>${money(row.requests)}</td>` : html``;
    return html`<tr><th scope="row">${row.head}</th><td>${money(row.replication)}</td><td>${money(allStorage(row))}</td>${requests}<td>${money(totalOf(row))}</td></tr>`;
  };
  const requests = hasRequests ? html`<th scope="col">Requests</th>` : html``;
  return html`<table>
<thead><tr><th scope="col">${head}</th><th scope="col">Replication</th><th scope="col">Storage</th>${requests}<th scope="col">Total</th></tr></thead>
<tbody>
${rows.map(line)}
</tbody>
</table>`;
}

/** Current S3 charges that the totals exclude; empty if there are none. */
export function unfinishedPart({ unfinished }: CostReport): Html {
  if (unfinished === undefined || unfinished.entries.length === 0) return html``;
  const { entries, bytes, perDay } = unfinished;
  const rows = entries
    .slice(0, TABLE_ROWS)
    .map(
      (entry) =>
        html`<tr><th scope="row"><code>${entry.stagingId}</code><small>${entry.regions.join(", ")}</small></th><td>${formatBytes(entry.bytes)}</td><td>${money(entry.perDay)}</td></tr>`,
    );
  return html`<section class="card" id="section-unfinished" aria-labelledby="title-unfinished">
<h2 id="title-unfinished">Unfinished uploads</h2>
<p class="note">${plural(entries.length, "upload")} with ${formatBytes(bytes)}, ${money(perDay)} per day, as the buckets are now. Not in the totals.</p>
<table>
<thead><tr><th scope="col">Staging ID</th><th scope="col">Size</th><th scope="col">Cost per day</th></tr></thead>
<tbody>
${rows}
</tbody>
</table>
</section>`;
}
