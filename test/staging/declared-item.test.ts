import { expect } from "chai";
import { freeItemName, itemOf } from "../../staging/declared-item.ts";
import { declaredSource } from "../../staging/declared-source.ts";
import { parseDeclaredEntries, parseEntrySpec } from "../../staging/entry-values.ts";
import { parseRegionList } from "../../staging/regions.ts";
import { entrySpec } from "../components/settings.ts";

const ALL = {
  id: "stage-abc123def456",
  source: "s3://bucket/prefix/",
  filename: "other",
  exclude: ["*.tmp"],
  noSha256: true,
  requestPayer: true,
  multipart: true,
  timeoutSeconds: 60,
  bandwidthLimit: 1_234_567,
  regions: ["us-west-2", "us-east-1"],
  destination: "/opt/other",
  ttl: 30,
  sweepId: "0123",
  replication: "copy",
  allowAccounts: ["000000000042"],
};

describe("the item of an adopted entry", () => {
  for (const [what, given] of [
    ["every option", ALL],
    ["defaults", { ...entrySpec(), source: "/project/data/reference.fasta" }],
  ] as const) {
    it(`declares an entry with ${what} as it is`, () => {
      const { declaredAs: _, ...spec } = parseEntrySpec(given, "the test");
      const source = declaredSource(spec.source, "/project").canonical;
      const item = itemOf({ ...spec, declaredAs: undefined }, "adopted", source);
      const [parsed] = parseDeclaredEntries(
        "dev",
        [item],
        (written) => declaredSource(written, "/project"),
        parseRegionList("eu-west-1"),
      );
      expect(parsed).to.deep.include({ ...spec, id: parsed?.id, adoptedId: spec.id, declaredAs: "adopted" });
      expect(parsed?.formerIds).to.include(spec.id);
    });
  }

  it("has the name of the data, in the characters of a name, with a number if another item has it", () => {
    const named = (source: string, ...taken: string[]) =>
      freeItemName({ ...entrySpec(), source }, new Set(taken));
    expect(named("/data/reference.fasta")).to.equal("reference.fasta");
    expect(named("/data/x", "x", "x-2")).to.equal("x-3");
    expect(named("/data/.größe 1")).to.equal("gr-e-1");
    expect(named("/data/…")).to.equal("entry");
    expect(named(`/data/${"a".repeat(100)}`, "a".repeat(59))).to.equal(`${"a".repeat(59)}-2`);
  });
});
