import { unmarshall } from "@aws-sdk/util-dynamodb";
import { expect } from "chai";
import fc from "fast-check";
import { parseAccountList } from "../../staging/accounts.ts";
import { defaultDestination, parseDestination } from "../../staging/destination.ts";
import { UserError } from "../../staging/errors.ts";
import { parseStagingId } from "../../staging/ids.ts";
import { parseRecord, recordItem, type StagingRecord } from "../../staging/record.ts";
import { parseRegionList, REGIONS } from "../../staging/regions.ts";
import { parseStackName } from "../../staging/stack-name.ts";
import { parseTtlDays, TTL_CLASSES } from "../../staging/ttl.ts";

const RECORD: StagingRecord = {
  stagingId: parseStagingId("stage-abc123def456"),
  filename: "reference.fasta",
  kind: "file",
  key: "stage-abc123def456/reference.fasta",
  sizeBytes: 107_374_182_400,
  fileCount: 1,
  sha256: "a1".repeat(32),
  manifestKey: "stage-abc123def456/.spawn-manifest.jsonl",
  manifestSha256: "b2".repeat(32),
  regions: parseRegionList("us-east-1,us-west-2"),
  buckets: ["spawn-staging-us-east-1", "spawn-staging-us-west-2"],
  destination: parseDestination("/mnt/data/reference.fasta"),
  uploadedAt: new Date("2024-01-22T10:30:15Z"),
  ttl: parseTtlDays(7),
  sweepId: "sweep-xyz789",
  stack: parseStackName("dev.stage-abc123def456"),
  declaredAs: undefined,
  allowAccounts: [],
  bucketReaders: [],
  accessPoints: new Map(),
  cost: { replication: 2, storagePerDay: 0.153333 },
};

const arnIn = (region: string): string =>
  `arn:aws:s3:${region}:123456789012:accesspoint/spawn-${RECORD.stagingId}`;
const there = (record: StagingRecord): Record<string, unknown> => unmarshall(recordItem(record));

describe("record", () => {
  it("has the attributes of the guide's schema, save the counters that live in the usage row", () => {
    expect(there(RECORD)).to.deep.include({
      staging_id: "stage-abc123def456",
      filename: "reference.fasta",
      size_bytes: 107_374_182_400,
      sha256: "a1".repeat(32),
      regions: ["us-east-1", "us-west-2"],
      destination: "/mnt/data/reference.fasta",
      uploaded_at: "2024-01-22T10:30:15Z",
      expires_at: "2024-01-29T10:30:15Z",
      sweep_id: "sweep-xyz789",
      cost: { replication: 2, storage_per_day: 0.153333 },
      expires_epoch: Date.parse("2024-01-29T10:30:15Z") / 1000,
    });
    expect(there(RECORD)).not.to.have.any.keys("instance_count", "download_count");
  });

  it("has no sweep attribute without a sweep, so that it is not in the sweeps' index", () => {
    expect(recordItem({ ...RECORD, sweepId: undefined })).not.to.have.property("sweep_id");
  });

  it("survives a round trip through DynamoDB", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 });
    const name = text.filter((value) => !/[\p{Cc}/]/u.test(value) && value !== "." && value !== "..");
    const money = fc.integer({ min: 0, max: 10 ** 10 }).map((micro) => micro / 1e6);
    const records = fc.record({
      filename: name,
      kind: fc.constantFrom("file" as const, "directory" as const),
      sizeBytes: fc.maxSafeNat(),
      fileCount: fc.nat(),
      regions: fc.shuffledSubarray(REGIONS, { minLength: 1 }),
      uploadedAt: fc.integer({ min: 0, max: 4_000_000_000 }),
      ttl: fc.constantFrom(...TTL_CLASSES),
      sweepId: fc.option(fc.constantFrom("sweep-1", "a.b_c"), { nil: undefined }),
      declaredAs: fc.option(fc.constantFrom("mesh", "A-1"), { nil: undefined }),
      allowAccounts: fc.constantFrom([], parseAccountList("000000000042,123456789012")),
      bucketReaders: fc.constantFrom([], parseAccountList("123456789012")),
      cost: fc.record({ replication: money, storagePerDay: money }),
    });
    fc.assert(
      fc.property(records, ({ filename, regions, uploadedAt, ...rest }) => {
        const record: StagingRecord = {
          ...RECORD,
          ...rest,
          filename,
          key: `${RECORD.stagingId}/${filename}`,
          destination: defaultDestination(filename),
          regions: parseRegionList(regions),
          buckets: regions.map((region) => `bucket-${region}`),
          accessPoints: new Map(
            rest.allowAccounts.length === 0
              ? []
              : regions.map((region) => [region, { arn: arnIn(region), alias: `${region}-s3alias` }]),
          ),
          uploadedAt: new Date(uploadedAt * 1000),
        };
        expect(parseRecord(there(record))).to.deep.equal(record);
      }),
    );
  });

  const attributes = Object.keys(there(RECORD)).filter(
    (attribute) => !["record", "expires_at", "expires_epoch", "sweep_id"].includes(attribute),
  );
  for (const attribute of attributes) {
    it(`names ${attribute} when it is missing or of another type`, () => {
      for (const wrong of [undefined, true]) {
        const item = { ...there(RECORD), [attribute]: wrong };
        const id = attribute === "staging_id" ? "?" : RECORD.stagingId;
        expect(() => parseRecord(item)).to.throw(
          UserError,
          `the record of ${id} cannot be read: attribute ${attribute} is missing or malformed`,
        );
      }
    });
  }

  for (const [attribute, value] of [
    ["staging_id", "stage-1"],
    ["kind", "socket"],
    ["regions", ["mars-1"]],
    ["regions", []],
    ["destination", "relative"],
    ["uploaded_at", "yesterday"],
    ["ttl_days", 91],
    ["size_bytes", Number.NaN],
    ["sweep_id", 7],
    ["allow_accounts", ["42"]],
    ["allow_accounts", "123456789012"],
    ["bucket_readers", ["42"]],
    ["access_points", ["us-east-1"]],
    ["access_points", { "mars-1": { arn: "a", alias: "b" } }],
    ["access_points", { "us-east-1": "arn" }],
  ] as const) {
    it(`names ${attribute} when it is ${JSON.stringify(value)}`, () => {
      expect(() => parseRecord({ ...there(RECORD), [attribute]: value })).to.throw(UserError, attribute);
    });
  }

  it("refuses what is no item", () => {
    for (const item of [undefined, null, "x", []])
      expect(() => parseRecord(item)).to.throw(UserError, "staging_id");
  });
});
