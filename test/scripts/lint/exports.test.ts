import { expect } from "chai";
import { unusedExports } from "../../../scripts/lint/exports.ts";
import { asText } from "../../../scripts/lint/imports.ts";

const unused = (texts: Record<string, string>): string[] =>
  unusedExports(new Map(Object.entries(texts))).map(asText);

const NAMES = [
  "export const one = 1;",
  "export async function two() {}",
  "export abstract class Three {}",
  "export interface Four {}",
  "export type Five = 5;",
].join("\n");

describe("exports", () => {
  it("are names that another file imports", () => {
    expect(unused({ "staging/a.ts": NAMES, "staging/b.ts": "one; two; Three; Four; Five;" })).to.deep.equal(
      ["one", "two", "Three", "Four", "Five"].map((name) => `unused-export: staging/a.ts -> ${name}`),
    );
  });

  for (const [kind, text] of Object.entries({
    "a static import": 'import { one, two, Three, type Four, type Five } from "../staging/a.ts";',
    "a namespace import": 'import * as a from "../staging/a.ts";\na.one, a.two, a.Three, a.Four, a.Five;',
    "a dynamic import": 'const { one, two, Three } = await import("../staging/a.ts"); let x: Four & Five;',
    "an export of another file": 'export { one, two, Three, type Four, type Five } from "../staging/a.ts";',
  }))
    it(`may be names of ${kind}`, () => {
      expect(unused({ "staging/a.ts": NAMES, "cli/b.ts": text })).to.deep.equal([]);
    });

  it("may be unused in the library, which users import", () => {
    expect(unused({ "library/index.ts": NAMES })).to.deep.equal([]);
  });
});
