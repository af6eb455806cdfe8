import { expect } from "chai";
import fc from "fast-check";
import { csvLine } from "../../../cli/render/csv.ts";
import { parseCsv } from "../csv.ts";

describe("CSV", () => {
  it("quotes only the necessary cells", () => {
    expect(csvLine(["a", 1.5, true, null, undefined, "x,y", 'say "hi"', "two\nlines"])).to.equal(
      'a,1.5,true,,,"x,y","say ""hi""",two\\nlines\r\n',
    );
  });

  for (const [what, text, cell] of [
    ["a formula", "=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"],
    ["a formula with a link", '=HYPERLINK("http://x","y")', `"'=HYPERLINK(""http://x"",""y"")"`],
    ["a sum", "+1-2", "'+1-2"],
    ["a minus", "-2+3", "'-2+3"],
    ["an old function", "@SUM(A1)", "'@SUM(A1)"],
    ["a full-width formula", "\uff1d1+1", "'\uff1d1+1"],
    ["a tab in front of a formula", "\t=1+1", "\\t=1+1"],
    ["a carriage return in front of a formula", "\r=1+1", "\\r=1+1"],
    ["a space in front of a formula", " =1+1", " '=1+1"],
    ["a formula after the separator of other countries", "a;=1+1", "a;'=1+1"],
    ["an escape sequence", "\u001b]52;c;eA==\u0007", "\\x1b]52;c;eA==\\x07"],
    ["a negative number", "-12.5", "-12.5"],
    ["a number with a sign", "+1", "+1"],
    ["a small number", "-1.5e-7", "-1.5e-7"],
    ["a name", "a-b=c", "a-b=c"],
  ] as const) {
    it(`is text for a spreadsheet: ${what}`, () => {
      expect(csvLine([text])).to.equal(`${cell}\r\n`);
      expect(parseCsv(csvLine([text], "raw"))).to.deep.equal([[text]]);
    });
  }

  it("contains no formula of a spreadsheet, whatever the text", () => {
    const start = fc.constantFrom("", "=", "+", "-", "@", "\t", "\r", "\n", ";", " ", '"');
    fc.assert(
      fc.property(start, start, fc.string({ unit: "binary" }), (a, b, text) => {
        const [[cell = ""] = []] = parseCsv(csvLine([a + b + text]));
        if (Number.isNaN(Number(cell))) expect(cell).to.not.match(/(^|;)\s*[=+\-@]/);
      }),
    );
  });

  it("parses back to the same cells in raw form", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.string({ unit: "binary" }), { minLength: 1 }), { minLength: 1 }),
        (rows) => {
          expect(parseCsv(rows.map((row) => csvLine(row, "raw")).join(""))).to.deep.equal(rows);
        },
      ),
    );
  });
});
