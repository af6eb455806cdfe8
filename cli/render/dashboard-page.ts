import type { Embedded } from "../../dashboard/snapshot.ts";
import { Html, html, scriptJson } from "./html.ts";
import { builtText, contentPolicy, pageText } from "./page.ts";
import { PALETTE } from "./palette.ts";

/**
 * The dashboard as one self-contained document. Its content security policy blocks loads and other scripts; the live page may connect to
 * the server that sent it.
 */
export async function renderDashboardPage(
  embedded: Embedded,
): Promise<{ readonly html: string; readonly policy: string }> {
  const [script, style] = await Promise.all(["dashboard/main.js", "dashboard/style.css"].map(builtText));
  const styles = `${PALETTE}${style}`;
  const isLive = embedded.saved === undefined;
  const policy = `${contentPolicy([styles], [script ?? ""])}; connect-src ${isLive ? "'self'" : "'none'"}; base-uri 'none'; form-action 'none'`;
  const title = `spawn dashboard (${embedded.about.environment})`;
  const body = html`<div id="dashboard"><noscript>This page needs JavaScript.</noscript></div>
<script type="application/json" id="data">${scriptJson(embedded)}</script>
<script>${new Html(script ?? "")}</script>`;
  return { html: pageText({ title, policy, style: styles, body }), policy };
}
