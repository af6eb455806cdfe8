import { expect } from "chai";
import { parseSize, SIZE_PATTERN } from "../../staging/size.ts";
import { GIB, TIB } from "../../staging/units.ts";
import { refusalOf } from "./refusal.ts";

describe("a size", () => {
  for (const [text, bytes] of [
    ["200 GB", 200 * GIB],
    ["200GB", 200 * GIB],
    ["1.5TiB", 1.5 * TIB],
    ["0.0001 KB", 1],
  ] as const) {
    it(`is ${bytes} bytes: ${text}`, () => {
      expect(parseSize(text)).to.equal(bytes);
    });
  }

  for (const text of [
    "200",
    "GB",
    "1e3 GB",
    "-1 GB",
    "200 gb",
    "200 Gbit",
    "0x10 GB",
    "200  GB",
    " 200 GB",
  ]) {
    it(`is refused: ${JSON.stringify(text)}`, () => {
      expect(refusalOf(() => parseSize(text)).message).to.equal(`"${text}" is not a size`);
      expect(new RegExp(SIZE_PATTERN).test(text)).to.equal(false);
    });
  }

  it("offers gigabytes for a number without a unit", () => {
    expect(refusalOf(() => parseSize("200")).fix).to.equal("For gigabytes: 200 GB");
  });
});
