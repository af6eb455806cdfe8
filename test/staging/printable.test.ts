import { expect } from "chai";
import fc from "fast-check";
import { printable, printableLines } from "../../staging/printable.ts";

/** Characters that must never reach a terminal, because they are not shown as themselves. */
const CONTROL = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

const anyText = fc.string({ unit: "binary" });

describe("printable text", () => {
  for (const [what, text, shown] of [
    ["a line's end", "a\nb\r\nc", "a\\nb\\r\\nc"],
    ["a tab", "a\tb", "a\\tb"],
    ["an escape sequence (clear screen)", "\u001b[2J", "\\x1b[2J"],
    ["OSC 52, which writes to the clipboard", "\u001b]52;c;eA==\u0007", "\\x1b]52;c;eA==\\x07"],
    ["the one-character CSI of C1", "\u009b2J", "\\x9b2J"],
    ["DEL and NUL", "\u007f\u0000", "\\x7f\\x00"],
    ["text that changes its direction", "a\u202eb\u2066c\u200fd\u061ce", "a\\u202eb\\u2066c\\u200fd\\u061ce"],
    ["line and paragraph separators", "\u2028\u2029", "\\u2028\\u2029"],
    ["a lone surrogate", "a\ud83db", "a\\ud83db"],
    ["letters, wide characters, emoji", "é 数据 'x' 👩‍🚀", "é 数据 'x' 👩‍🚀"],
  ] as const) {
    it(`shows ${what}`, () => {
      expect(printable(text)).to.equal(shown);
    });
  }

  it("has no control character, whatever the text", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(printable(text)).to.not.match(CONTROL);
        expect(printable(printable(text))).to.equal(printable(text));
      }),
    );
  });

  it("indents the further lines of a message, so that none looks like another line of the output", () => {
    expect(printableLines("cannot read x\n✅ forged\n\nFix: rm -rf ~")).to.equal(
      "cannot read x\n  ✅ forged\n\n  Fix: rm -rf ~",
    );
    fc.assert(
      fc.property(anyText, (text) => {
        const [, ...further] = printableLines(text).split("\n");
        for (const line of further) expect(line).to.match(/^( {2}|$)/);
        expect(further.join("")).to.not.match(CONTROL);
      }),
    );
  });
});
