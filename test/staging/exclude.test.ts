import { expect } from "chai";
import { exclusionOf, parseExcludePattern } from "../../staging/exclude.ts";
import { refusalOf } from "./refusal.ts";

describe("exclusion", () => {
  const cases: [patterns: string[], path: string, excluded: boolean][] = [
    [[], "a", false],
    [["*.tmp"], "deep/.x.tmp", true],
    [["*.tmp"], "a.TMP", false],
    [["build/"], "src/build/", true],
    [["build/"], "src/build", false],
    [["/notes"], "notes", true],
    [["/notes"], "sub/notes", false],
    [["*.tmp", "!keep.tmp"], "keep.tmp", false],
    [["**/cache/*.bin"], "a/b/cache/x.bin", true],
    [["a?c"], "a\nc", true],
    [["\\#odd"], "#odd", true],
    [["[[]x]"], "[x]", true],
  ];
  for (const [patterns, path, excluded] of cases) {
    it(`${JSON.stringify(patterns)} ${excluded ? "leaves out" : "keeps"} ${JSON.stringify(path)}`, () => {
      expect(exclusionOf(patterns).excludes(path)).to.equal(excluded);
    });
  }

  it("goes on the same after it has forgotten what it was asked", () => {
    const exclusion = exclusionOf(["*0"]);
    for (let count = 0; count < 25_000; count += 1) {
      expect(exclusion.excludes(`file ${count}`)).to.equal(count % 10 === 0);
    }
  });

  it("refuses patterns that match nothing", () => {
    for (const pattern of ["", "  ", "# a comment", "a\nb", "end\\"]) {
      expect(refusalOf(() => parseExcludePattern(pattern)).message).to.contain("excludes nothing");
    }
  });
});
