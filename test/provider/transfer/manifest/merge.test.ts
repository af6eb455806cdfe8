import { expect } from "chai";
import fc from "fast-check";
import { mergeSorted } from "../../../../provider/transfer/manifest/merge.ts";
import { comparePaths } from "../../../../staging/manifest.ts";

async function* each(items: readonly string[]): AsyncGenerator<string> {
  yield* items;
}

const sorted = fc
  .uniqueArray(fc.string({ unit: "binary", maxLength: 3 }))
  .map((all) => all.sort(comparePaths));

describe("mergeSorted", () => {
  it("pairs common elements and yields the others alone, in order", async () => {
    await fc.assert(
      fc.asyncProperty(sorted, sorted, async (left, right) => {
        const found: string[] = [];
        for await (const [a, b] of mergeSorted(
          each(left),
          (a) => a,
          each(right),
          (b) => b,
        )) {
          expect(a !== undefined && b !== undefined ? a === b : true).to.equal(true);
          const path = a ?? b ?? "";
          expect([left.includes(path), right.includes(path)]).to.deep.equal([
            a !== undefined,
            b !== undefined,
          ]);
          found.push(path);
        }
        expect(found).to.deep.equal([...new Set([...left, ...right])].sort(comparePaths));
      }),
    );
  });
});
