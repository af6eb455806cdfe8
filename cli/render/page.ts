import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../../package-root.ts";
import { Html, html } from "./html.ts";

/** A self-contained page. */
interface Page {
  readonly title: string;
  /** Its content security policy: {@link contentPolicy}, and more. */
  readonly policy: string;
  readonly style: string;
  readonly body: Html;
}

/** The text of a page. It has no icon, which a browser would request, and sends no referrer. */
export const pageText = ({ title, policy, style, body }: Page): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${new Html(style)}</style>
</head>
<body>
${body}
</body>
</html>
`.text;

/**
 * The content security policy of a self-contained page: only these styles and scripts, and no requests.
 * https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CSP
 */
export function contentPolicy(styles: readonly string[], scripts: readonly string[]): string {
  return `default-src 'none'; img-src data:; style-src ${hashesOf(styles)}; script-src ${hashesOf(scripts)}`;
}

const hashesOf = (texts: readonly string[]): string =>
  texts.map((text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`).join(" ") || "'none'";

/** A script or style that `scripts/build.ts` wrote to `dist/`, for an element of a page: it cannot end the element. */
export const builtText = async (path: string): Promise<string> =>
  (await readFile(join(packageRoot(), "dist", path), "utf8")).replaceAll(/<\/(script|style)/gi, "<\\/$1");
