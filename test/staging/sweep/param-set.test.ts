import { execFileSync } from "node:child_process";
import { expect } from "chai";
import fc from "fast-check";
import { encodeParamSet } from "../../../staging/sweep/param-set.ts";
import { decodeParamSet } from "../../support/param-set.ts";
import { refusalOf } from "../refusal.ts";

const values = fc.string({ unit: "binary", maxLength: 40 }).filter((text) => text.isWellFormed());
const names = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,9}$/);
const rows = fc.array(fc.tuple(names, values), { maxLength: 6 });

describe("PARAM_SET", () => {
  for (const [row, text] of [
    [[], ""],
    [
      [
        ["alpha", "1"],
        ["label", "plain"],
      ],
      "alpha=1,label=plain",
    ],
    [
      [
        ["a", "0.5e-3"],
        ["b", "s3://x/y@z:1_2+3"],
      ],
      "a=0.5e-3,b=s3://x/y@z:1_2+3",
    ],
    [[["a", "x y,z=1%"]], "a=x%20y%2Cz%3D1%25"],
    [[["a", "*?[~{'\"`$(\\\n\t"]], "a=%2A%3F%5B%7E%7B%27%22%60%24%28%5C%0A%09"],
    [[["a", "ä€😀"]], "a=%C3%A4%E2%82%AC%F0%9F%98%80"],
    [[["a", ""]], "a="],
  ] as const) {
    it(`is ${JSON.stringify(text)} for ${JSON.stringify(row)}`, () => {
      expect(encodeParamSet(row)).to.equal(text);
      expect(decodeParamSet(text)).to.deep.equal(row);
    });
  }

  it("survives a round trip, with plain characters only", () => {
    fc.assert(
      fc.property(rows, (row) => {
        const text = encodeParamSet(row);
        expect(text).to.match(/^[A-Za-z0-9._:/@+=,%-]*$/);
        expect(decodeParamSet(text)).to.deep.equal(row);
      }),
    );
  });

  it("is one word of the shell without quotes, in a folder with files", () => {
    const sets = fc
      .sample(rows, 150)
      .map(encodeParamSet)
      .filter((text) => text !== "");
    const variables = Object.fromEntries(sets.map((text, place) => [`P${place}`, text]));
    const script = sets.map((_, place) => `set -- $P${place}; printf '%s %s\\n' "$#" "$1"`).join("\n");
    const env = { PATH: process.env["PATH"] ?? "", ...variables };
    const lines = execFileSync("sh", ["-c", script], { env, cwd: "/", encoding: "utf8" })
      .trimEnd()
      .split("\n");
    expect(lines).to.deep.equal(sets.map((text) => `1 ${text}`));
  });

  it("refuses a value that has no form in UTF-8", () => {
    expect(refusalOf(() => encodeParamSet([["a", "\ud800"]])).message).to.contain("surrogate");
  });
});
