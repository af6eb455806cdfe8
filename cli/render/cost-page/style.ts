import { PALETTE } from "../palette.ts";

/** The page's style. */
export const STYLE = `
${PALETTE}* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%;
}
main { max-width: 1120px; margin: 0 auto; padding: 44px 24px 32px; }
h1 { margin: 0; font-size: 30px; line-height: 1.15; letter-spacing: -.022em; font-weight: 680; }
h2 { margin: 0; font-size: 17px; letter-spacing: -.01em; font-weight: 640; }
.period { margin: 4px 0 0; font-size: 19px; color: var(--soft); letter-spacing: -.01em; }
.facts { display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 14px 0 0; padding: 0; list-style: none; color: var(--soft); font-size: 13px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow); }
section.card { padding: 22px 24px 24px; margin-top: 16px; }
.empty { margin: 28px 0 0; padding: 48px 24px; text-align: center; color: var(--soft); }
.note { margin: 2px 0 0; color: var(--soft); font-size: 13px; max-width: 78ch; }
.note:empty { display: none; }

.figures {
  display: grid; grid-template-columns: 1.25fr 1fr 1fr 1fr 1.15fr; margin: 28px 0 0; overflow: hidden;
  background: var(--line); gap: 1px; border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow);
}
.figure { background: var(--card); padding: 18px 20px; min-width: 0; }
.figure dt { font-size: 13px; color: var(--soft); display: flex; align-items: center; gap: 7px; }
.figure.replication dt::before, .figure.storage dt::before, .figure.requests dt::before {
  content: ""; width: 9px; height: 9px; border-radius: 3px; background: var(--replication);
}
.figure.storage dt::before { background: var(--storage); }
.figure.requests dt::before { background: var(--requests); }
.figure dd { margin: 4px 0 0; }
.figure strong { display: block; font-size: 23px; line-height: 1.25; font-weight: 640; letter-spacing: -.02em; overflow-wrap: anywhere; }
.figure.main strong { font-size: 30px; line-height: 1.1; padding: 1px 0 2px; }
.figure.saved strong { color: var(--saved); }
.figure span { font-size: 13px; color: var(--soft); }

.split { display: grid; grid-template-columns: minmax(0, 1.2fr) minmax(0, 1fr); gap: 32px; margin-top: 18px; align-items: start; }
.chart { position: relative; min-width: 0; }
.chart.tall { height: 320px; }
.rows-2 { height: 150px; } .rows-3 { height: 184px; } .rows-4 { height: 218px; } .rows-5 { height: 252px; }
.rows-6 { height: 286px; } .rows-7 { height: 320px; } .rows-8 { height: 350px; } .rows-9 { height: 380px; } .rows-10 { height: 410px; }
.scroll {
  max-height: 420px; overflow: auto; min-width: 0; border-radius: 6px;
  /** A shadow at the lower edge of scrollable content. */
  background:
    linear-gradient(transparent, var(--card) 70%) bottom / 100% 36px no-repeat local,
    linear-gradient(transparent, var(--shade)) bottom / 100% 14px no-repeat scroll;
}
.chart.tall + .scroll { max-height: 320px; }
.scroll:focus-visible { outline: 2px solid var(--replication); outline-offset: 3px; }
table { width: 100%; border-collapse: collapse; font-size: 13.5px; }
th, td { padding: 7px 0 7px 14px; text-align: right; vertical-align: top; border-bottom: 1px solid var(--grid); font-weight: 400; white-space: nowrap; }
th:first-child { padding-left: 0; text-align: left; white-space: normal; overflow-wrap: anywhere; }
td:last-child { font-weight: 600; }
thead th { position: sticky; top: 0; z-index: 1; padding-bottom: 8px; background: var(--card); color: var(--soft); font-size: 12px; padding-top: 0; border-bottom-color: var(--line); }
tbody tr:last-child > * { border-bottom: 0; }
tfoot th, tfoot td { border-top: 1px solid var(--line); border-bottom: 0; font-weight: 640; }
code { font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
small { display: block; color: var(--soft); font-size: 12px; line-height: 1.4; }
footer { margin-top: 26px; color: var(--soft); font-size: 12.5px; text-wrap: pretty; }
sup { line-height: 0; }

@media (max-width: 860px) {
  .figures { grid-template-columns: 1fr 1fr; }
  .figure.main { grid-column: 1 / -1; }
  .split { grid-template-columns: minmax(0, 1fr); gap: 18px; }
}
@media (max-width: 480px) {
  main { padding: 28px 14px 24px; }
  h1 { font-size: 25px; }
  section.card { padding: 18px 16px; }
  .figure { padding: 14px 16px; }
  .figure strong { font-size: 20px; }
  .chart.tall { height: 250px; }
  table { font-size: 12.5px; }
  th, td { padding-left: 9px; }
  code { font-size: 11.5px; }
}
@media print {
  body { background: none; }
  .card, .figures { box-shadow: none; break-inside: avoid; }
  .scroll { max-height: none; overflow: visible; }
}
`;
