import { expect } from "chai";
import { identifyEntries } from "../../staging/declared-ids.ts";
import { declaredSource } from "../../staging/declared-source.ts";
import type { EntrySpec } from "../../staging/entry.ts";
import { parseDeclaredEntries } from "../../staging/entry-values.ts";
import { declaredStagingId } from "../../staging/ids.ts";
import { heldIn } from "../../staging/ownership/held.ts";
import { parseRegionList } from "../../staging/regions.ts";
import { STAGED_DATA } from "../../staging/resources/tokens.ts";

const FOLDER = "/home/me/project";
const REGIONS = parseRegionList("us-east-1");

const entryOf = (source: string) => {
  const [entry] = parseDeclaredEntries(
    "dev",
    [{ name: "genome", source }],
    (written) => declaredSource(written, FOLDER),
    REGIONS,
  );
  if (entry === undefined) throw new Error("there is no entry");
  return entry;
};
/** The entry with its ID in the state of an incomplete update. */
async function identified(entry: EntrySpec, stagingId: string): Promise<EntrySpec> {
  const state = [{ urn: "urn", type: STAGED_DATA, properties: { stagingId } }];
  const held = heldIn(state, "local").entries ?? [];
  const compare = () => Promise.reject(new Error("nothing was staged"));
  const { entries } = await identifyEntries("dev", [entry], held, compare, new Date(0));
  return entries[0] ?? entry;
}
const idBefore = (spelling: string) => declaredStagingId("dev", "genome", spelling, REGIONS[0]);

/** Spellings of one path, the canonical one first. */
const SPELLINGS: readonly (readonly [string, ...string[]])[] = [
  ["data/x", "./data/x", "data//x", "data/x/", "./data/./x/", "data/y/../x", `${FOLDER}/data/x`],
  ["data/x", `${FOLDER}//data/x/`, "../project/data/x"],
  ["/mnt/data/x", "/mnt/data/x/", "/mnt//data/./x", "../../../mnt/data/x"],
  ["/home/me/shared", "../shared", "../shared/", "./../shared"],
  [".", "./", FOLDER, `${FOLDER}/`],
];

describe("the source of a declared entry", () => {
  for (const [canonical, ...others] of SPELLINGS) {
    for (const spelling of others) {
      it(`is the same as ${canonical} if it is written ${spelling}`, () => {
        const [one, other] = [entryOf(canonical), entryOf(spelling)];
        expect(other.id).to.equal(one.id);
        expect(other.source).to.equal(one.source);
      });
    }
  }

  it("keeps the ids of entries with a canonical source", () => {
    for (const spelling of ["data/x", "/mnt/data/x", "data", "..data/x", "s3://bucket/prefix/"]) {
      expect(entryOf(spelling).id).to.equal(idBefore(spelling));
    }
  });

  for (const spelling of ["./data/x", "data/x/", `${FOLDER}/data/x`, "data//x", "../shared"]) {
    it(`keeps the id in the state of an entry that an earlier version made from ${spelling}`, async () => {
      const before = idBefore(spelling);
      expect((await identified(entryOf(spelling), before)).id).to.equal(before);
      // Code without the state checks all possible IDs of the entry.
      expect(entryOf(spelling).formerIds).to.contain(before);
    });
  }

  it("is found under an earlier id when it is written in another way, too", async () => {
    const before = idBefore("./data/x");
    expect((await identified(entryOf("data/x"), before)).id).to.equal(before);
  });

  it("differs for another path, and for another S3 key", () => {
    for (const [one, other] of [
      ["data/x", "data/X"],
      ["data/x", "/data/x"],
      ["s3://bucket/a/b", "s3://bucket/a//b"],
      ["s3://bucket/a", "s3://bucket/a/"],
      ["s3://bucket/./a", "s3://bucket/a"],
    ] as const) {
      expect(entryOf(one).id).to.not.equal(entryOf(other).id);
    }
  });
});
