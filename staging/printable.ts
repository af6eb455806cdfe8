/**
 * Characters that a terminal does not show: control characters (C0, DEL, C1), line and paragraph separators,
 * characters that change the direction of text (https://trojansource.codes/), lone surrogates, and annotation marks.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\ufff9-\ufffb]/gu;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Untrusted text, such as a name, an ID or a server's message, on one line: characters that could move the cursor,
 * fake a line or reorder the text become visible escapes: `\n`, `\x1b`, `\u202e`.
 */
export const printable = (text: string): string =>
  text.replace(UNPRINTABLE, (character) => SHORT[character] ?? escapeOf(character));

function escapeOf(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}

/** Indents each line of a message but the first, so that no text inside can look like a separate line. */
const INDENT = "  ";

/** A printable message of one or more lines. */
export const printableLines = (text: string): string =>
  text
    .split(/\r?\n/)
    .map((line, at) => (at === 0 || line === "" ? printable(line) : INDENT + printable(line)))
    .join("\n");

/** A value of the user in an error: quoted, short, and on one line. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
