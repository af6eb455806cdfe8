import { expect } from "chai";
import { parseFilename } from "../../staging/filename.ts";
import { refusalOf } from "./refusal.ts";

describe("a name for staged data", () => {
  for (const name of ["reference.fasta", "a b ü.bin", ".hidden", "x".repeat(255), "a..b"]) {
    it(`can be ${name.slice(0, 20)}`, () => expect(parseFilename(name)).to.equal(name));
  }

  for (const [name, why] of [
    ["", "It is empty."],
    ["a/b", "It has a slash; --dest sets the path on the instances."],
    [".", "It stands for a folder."],
    ["..", "It stands for a folder."],
    [".spawn-manifest.jsonl", "The entry's manifest has that name."],
    ["ü".repeat(128), "It has 256 bytes; a file name has at most 255."],
  ] as const) {
    it(`is refused: ${name.slice(0, 20)}`, () => {
      expect(refusalOf(() => parseFilename(name)).why).to.equal(why);
    });
  }

  it("has no control characters, which S3 could not list", () => {
    expect(refusalOf(() => parseFilename("a\nb")).message).to.contain("control character");
  });
});
