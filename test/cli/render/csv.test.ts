import { expect } from "chai";
import fc from "fast-check";
import { csvLine } from "../../../cli/render/csv.ts";
import { parseCsv } from "../csv.ts";

describe("CSV", () => {
  it("quotes only what must be", () => {
    expect(csvLine(["a", 1.5, true, null, undefined, "x,y", 'say "hi"', "two\nlines"])).to.equal(
      'a,1.5,true,,,"x,y","say ""hi""","two\nlines"\r\n',
    );
  });

  it("parses back to the same cells", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.string({ unit: "binary" }), { minLength: 1 }), { minLength: 1 }),
        (rows) => {
          expect(parseCsv(rows.map(csvLine).join(""))).to.deep.equal(rows);
        },
      ),
    );
  });
});
