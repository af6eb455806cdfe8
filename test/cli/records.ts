import { stagingCost } from "../../staging/cost.ts";
import { defaultDestination } from "../../staging/destination.ts";
import { entryStackName } from "../../staging/entry.ts";
import type { EnvironmentSettings } from "../../staging/environment.ts";
import { parseStagingId, type StagingId } from "../../staging/ids.ts";
import { toDollars } from "../../staging/money.ts";
import { GUIDE_PRICES } from "../../staging/price-book.ts";
import type { StagingRecord } from "../../staging/record.ts";
import { parseRegion, parseRegionList, REGIONS } from "../../staging/regions.ts";
import { parseTtlDays } from "../../staging/ttl.ts";

export const GIB_100 = 107_374_182_400;

export const testId = (number: number): StagingId =>
  parseStagingId(`stage-${number.toString(16).padStart(12, "0")}`);

/** The settings of the environment of {@link testRecord}, with a bucket in every region. */
export const testSettings = (name = "dev") => ({
  ...{ name, namePrefix: "spawn", recordsTable: "records", usageTable: "usage", sweepsTable: "sweeps" },
  tableRegion: parseRegion("us-east-1"),
  buckets: new Map(REGIONS.map((region) => [region, `spawn-staging-${region}`])),
});

/** All settings of an environment on the local cloud, with {@link testSettings}. */
export const fullSettings = (changes: Partial<EnvironmentSettings> = {}): EnvironmentSettings => ({
  ...{ ...testSettings(), cloud: "local", regions: parseRegionList(REGIONS.join(",")) },
  ...{ adopted: new Set(), readers: [] },
  keys: {
    ...{ buckets: new Map(), unnamedBuckets: new Set(REGIONS), tableRegion: "spawn:tableRegion" },
    ...{ recordsTable: "spawn:recordsTable", usageTable: "spawn:usageTable" },
    sweepsTable: "spawn:sweepsTable",
  },
  ...changes,
});

/** The guide's entry: 100 GB in two regions for seven days, of a sweep. */
export function testRecord(changes: Partial<StagingRecord> = {}): StagingRecord {
  const stagingId = changes.stagingId ?? parseStagingId("stage-abc123def456");
  const regions = changes.regions ?? parseRegionList("us-east-1,us-west-2");
  const sizeBytes = changes.sizeBytes ?? GIB_100;
  const filename = changes.filename ?? "reference-genome.fasta";
  const ttl = changes.ttl ?? parseTtlDays(7);
  const cost = stagingCost(sizeBytes, regions, ttl, GUIDE_PRICES);
  return {
    stagingId,
    filename,
    kind: "file",
    key: `${stagingId}/${filename}`,
    sizeBytes,
    fileCount: 1,
    sha256: "a1b2c3d4e5f6".padEnd(64, "0"),
    manifestKey: `${stagingId}/.spawn-manifest.jsonl`,
    manifestSha256: "f".repeat(64),
    regions,
    buckets: regions.map((region) => `spawn-staging-${region}`),
    destination: defaultDestination("reference.fasta"),
    uploadedAt: new Date("2024-01-22T10:30:15Z"),
    ttl,
    sweepId: "sweep-xyz789",
    stack: entryStackName("dev", stagingId),
    declaredAs: undefined,
    allowAccounts: [],
    bucketReaders: [],
    accessPoints: new Map(),
    cost: { replication: toDollars(cost.replication), storagePerDay: toDollars(cost.storagePerDay) },
    ...changes,
  };
}
