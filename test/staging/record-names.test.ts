import { unmarshall } from "@aws-sdk/util-dynamodb";
import { expect } from "chai";
import fc from "fast-check";
import { isStagingId, parseStagingId } from "../../staging/ids.ts";
import { CorruptRecordError, parseRecord, recordItem } from "../../staging/record.ts";
import { disagreementOf } from "../../staging/record-names.ts";
import { testRecord, testSettings } from "../cli/records.ts";

const ID = parseStagingId("stage-abc123def456");
const OTHER = "stage-000000000bad";
const SETTINGS = testSettings();
const record = testRecord({ stagingId: ID });
const arn = (region: string, id: string = ID) => `arn:aws:s3:${region}:123456789012:accesspoint/spawn-${id}`;
const item: Record<string, unknown> = {
  ...unmarshall(recordItem(record)),
  allow_accounts: ["123456789012"],
  access_points: { "us-east-1": { arn: arn("us-east-1"), alias: "spawn-x-s3alias" } },
};

/** Whether the program accepts the item as the entry's record. */
function judged(changes: Record<string, unknown>): "right" | string {
  try {
    return disagreementOf(parseRecord({ ...item, ...changes }), SETTINGS)?.attribute ?? "right";
  } catch (error) {
    if (!(error instanceof CorruptRecordError)) throw error;
    return "malformed";
  }
}

describe("names in records", () => {
  it("are correct in a record of the program, with unknown attributes, too", () => {
    expect(judged({})).to.equal("right");
    expect(judged({ from_the_future: { a: [1] }, __proto__: { stack: "dev" } })).to.equal("right");
    const declared = { declared_as: "mesh", stack: "dev" };
    expect(judged(declared)).to.equal("right");
    const directory = { kind: "directory", key: `${ID}/reference-genome.fasta/`, file_count: 3 };
    expect(judged(directory)).to.equal("right");
  });

  const path = "../../../../x";
  const forged: readonly [string, Record<string, unknown>, string][] = [
    ["the stack of another entry", { stack: `dev.${OTHER}` }, "stack"],
    ["the environment's own stack", { stack: "dev" }, "stack"],
    ["another environment's stack", { stack: `prod.${ID}` }, "stack"],
    ["a stack that is a path", { stack: path }, "malformed"],
    ["a stack that is an option", { stack: "--force" }, "malformed"],
    ["a stack of a declared entry", { declared_as: "mesh" }, "stack"],
    ["another entry's key", { key: `${OTHER}/reference-genome.fasta` }, "key"],
    ["the key of all entries", { key: "" }, "key"],
    ["a key of another kind", { kind: "directory" }, "key"],
    ["another entry's manifest", { manifest_key: `${OTHER}/.spawn-manifest.jsonl` }, "manifest_key"],
    ["another bucket", { buckets: ["mine", "spawn-staging-us-west-2"] }, "buckets"],
    ["buckets in another order", { buckets: [...record.buckets].reverse() }, "buckets"],
    ["too few buckets", { buckets: ["spawn-staging-us-east-1"] }, "buckets"],
    ["what is no bucket's name", { buckets: ["x/y", "spawn-staging-us-west-2"] }, "malformed"],
    ["an unknown region", { regions: ["us-east-1", "xx-east-9"] }, "malformed"],
    ["a file name that is a path", { filename: path, key: `${ID}/${path}` }, "malformed"],
    ["a file name that is a folder", { filename: "..", key: `${ID}/..` }, "malformed"],
    ["a file name with an escape", { filename: "a\u001b]52;c;x", key: `${ID}/a\u001b]52;c;x` }, "malformed"],
    [
      "the manifest as its data",
      { filename: ".spawn-manifest.jsonl", key: `${ID}/.spawn-manifest.jsonl` },
      "malformed",
    ],
    ["a destination that is a path upwards", { destination: "/mnt/../etc" }, "malformed"],
    [
      "the access point of another entry",
      { access_points: { "us-east-1": { arn: arn("us-east-1", OTHER), alias: "a-s3alias" } } },
      "access_points",
    ],
    [
      "an access point in another region",
      { access_points: { "us-east-1": { arn: arn("eu-west-1"), alias: "a-s3alias" } } },
      "access_points",
    ],
    [
      "an access point in a region without data",
      { access_points: { "eu-west-1": { arn: arn("eu-west-1"), alias: "a-s3alias" } } },
      "access_points",
    ],
    [
      "a bucket as an access point",
      { access_points: { "us-east-1": { arn: arn("us-east-1"), alias: "evil" } } },
      "malformed",
    ],
    ["a size that is not exact", { size_bytes: 2 ** 60 }, "malformed"],
    ["a negative size", { size_bytes: -1 }, "malformed"],
    ["half a file", { file_count: 0.5 }, "malformed"],
    ["a digest that is none", { sha256: "A".repeat(64) }, "malformed"],
    ["a manifest without a digest", { manifest_sha256: "none" }, "malformed"],
    ["a time beyond all calendars", { uploaded_at: "+275760-09-13T00:00:00Z" }, "malformed"],
    ["a time that is a year", { uploaded_at: "2026" }, "malformed"],
    ["half a day", { ttl_days: 0.5 }, "malformed"],
    ["a sweep with an escape", { sweep_id: "\u001b[2J" }, "malformed"],
    ["an item with a path", { declared_as: path, stack: "dev" }, "malformed"],
    ["a cost that is none", { cost: { replication: Number.NaN, storage_per_day: 0 } }, "malformed"],
    ["a negative cost", { cost: { replication: -1, storage_per_day: 0 } }, "malformed"],
    ["a number as text", { size_bytes: "1" }, "malformed"],
  ];
  for (const [what, changes, verdict] of forged)
    it(`are refused: ${what}`, () => expect(judged(changes)).to.equal(verdict));

  it("can be those of a bucket that the user's own settings or state name", () => {
    const moved = testRecord({ stagingId: ID, buckets: ["former", "spawn-staging-us-west-2"] });
    expect(disagreementOf(moved, SETTINGS)?.attribute).to.equal("buckets");
    const others = new Map([["us-east-1", new Set(["older", "former"])]]);
    expect(disagreementOf(moved, SETTINGS, others)).to.equal(undefined);
    // They do not apply to other regions.
    const elsewhere = new Map([["us-west-2", new Set(["former"])]]);
    expect(disagreementOf(moved, SETTINGS, elsewhere)?.attribute).to.equal("buckets");
  });

  it("are the entry's own, or the record is refused, whatever is changed in it", () => {
    const values = fc.oneof(
      fc.anything(),
      fc.string(),
      fc.constantFrom(
        ...["dev", `dev.${OTHER}`, path, `${OTHER}/x`, "file", "directory", OTHER, "a/../b", "none"],
      ),
      fc.constantFrom(...Object.values(item)),
      fc.array(fc.constantFrom("us-east-1", "us-west-2", "eu-west-1", "evil", "spawn-staging-us-east-1")),
    );
    const changes = fc.dictionary(fc.constantFrom(...Object.keys(item), "declared_as", "x"), values, {
      maxKeys: 4,
    });
    fc.assert(
      fc.property(changes, (changed) => {
        let found: ReturnType<typeof parseRecord>;
        try {
          found = parseRecord({ ...item, ...changed });
        } catch (error) {
          expect(error).to.be.instanceOf(CorruptRecordError);
          return;
        }
        expect(isStagingId(found.stagingId)).to.equal(true);
        expect(found.stack).to.match(/^\w[\w.-]*$/);
        if (disagreementOf(found, SETTINGS) !== undefined) return;
        const { stagingId: id, filename, kind, regions } = found;
        expect(found.stack).to.equal(found.declaredAs === undefined ? `dev.${id}` : "dev");
        expect(filename).to.not.match(/^\.{0,2}$|\//);
        expect(found.key).to.equal(`${id}/${filename}${kind === "file" ? "" : "/"}`);
        expect(found.manifestKey).to.equal(`${id}/.spawn-manifest.jsonl`);
        expect(found.buckets).to.deep.equal(regions.map((region) => SETTINGS.buckets.get(region)));
        for (const [region, point] of found.accessPoints) expect(point.arn).to.equal(arn(region, id));
      }),
      { numRuns: 2000 },
    );
  });
});
