/**
 * What a terminal does not show as itself: control characters (C0, DEL, C1), line and paragraph separators, characters that change the
 * direction of text (https://trojansource.codes/), lone surrogates, and annotation marks.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\ufff9-\ufffb]/gu;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Text from outside, such as a name, an ID or a server's message, on one line: whatever could move the cursor, fake a line or reorder the
 * text is a visible escape: `\n`, `\x1b`, `\u202e`.
 */
export const printable = (text: string): string =>
  text.replace(UNPRINTABLE, (character) => SHORT[character] ?? escapeOf(character));

function escapeOf(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}

/** Spaces in front of each line of a message but the first: no text inside a message can look like a line of its own. */
const INDENT = "  ";

/** A message of one or more lines, printable. */
export const printableLines = (text: string): string =>
  text
    .split(/\r?\n/)
    .map((line, at) => (at === 0 || line === "" ? printable(line) : INDENT + printable(line)))
    .join("\n");
