import type { AccessPoint } from "../staging/accounts.ts";
import { type StagingCost, stagingCost } from "../staging/cost.ts";
import { type EntrySpec, entryStackName } from "../staging/entry.ts";
import { bucketOf, type EnvironmentSettings } from "../staging/environment.ts";
import { toDollars } from "../staging/money.ts";
import { GUIDE_PRICES } from "../staging/price-book.ts";
import { bucketReaders } from "../staging/readers.ts";
import type { StagingRecord } from "../staging/record.ts";
import type { ExpirationOutputs } from "../staging/resources/expiration.ts";
import type { ReplicationOutputs } from "../staging/resources/replication.ts";
import type { StagedDataOutputs } from "../staging/resources/staged-data.ts";
import { parseStackName, type StackName } from "../staging/stack-name.ts";
import { expiresAt, isoSeconds } from "../staging/ttl.ts";

/** Results of the upload. */
export type StagedFacts = Pick<
  StagedDataOutputs,
  | ("filename" | "kind" | "key" | "sizeBytes" | "fileCount" | "sha256")
  | ("manifestKey" | "manifestSha256" | "partSizeBytes" | "uploadedAt")
>;

export type ReplicaFacts = Pick<ReplicationOutputs, "ruleId" | "via" | "objects" | "seconds" | "verifiedBy">;
export type ExpirationFacts = Pick<ExpirationOutputs, "ruleId" | "removedAt">;

/** The access point of an entry in one region. */
export type AccessFacts = AccessPoint;

/** Results of an entry's creation, by region if they differ. */
interface EntryFacts {
  readonly data: StagedFacts;
  readonly replicas: Readonly<Record<string, ReplicaFacts>>;
  readonly expirations: Readonly<Record<string, ExpirationFacts>>;
  readonly access: Readonly<Record<string, AccessFacts>>;
}

/** An entry's data in one region. */
interface EntryLocation {
  readonly bucket: string;
  /** `s3://` URL of the file, or of the directory's prefix with a trailing `/`. */
  readonly uri: string;
  /** How the replica was made; absent in the primary region. */
  readonly replication?: ReplicaFacts;
  readonly expiration: ExpirationFacts;
  /** The access point; absent if the entry is not shared. */
  readonly accessPoint?: AccessFacts;
}

/** An entry in its stack's outputs: plain JSON, dates in UTC with seconds, costs in US dollars. */
export interface EntryDetails extends StagedFacts {
  readonly id: string;
  /** The first is the primary region. */
  readonly regions: readonly string[];
  readonly destination: string;
  readonly ttlDays: number;
  readonly expiresAt: string;
  readonly sweepId?: string;
  /** The stack that holds the entry. */
  readonly stack: string;
  /** The entry's name in the environment's configuration. */
  readonly declaredAs?: string;
  /** Accounts that may read; absent if the entry is not shared. */
  readonly allowAccounts?: readonly string[];
  /** The accounts among them that may use the buckets' names. */
  readonly bucketReaders?: readonly string[];
  readonly locations: Readonly<Record<string, EntryLocation>>;
  /** With the guide's prices; storage and total until the expiry. */
  readonly cost: {
    readonly replication: number;
    readonly storage: number;
    readonly storagePerDay: number;
    readonly total: number;
  };
}

/** A declared entry belongs to the environment's stack, every other entry to its own stack. */
function stackOf(spec: EntrySpec, settings: EnvironmentSettings): StackName {
  return spec.declaredAs === undefined
    ? entryStackName(settings.name, spec.id)
    : parseStackName(settings.name);
}

function costOf(spec: EntrySpec, sizeBytes: number): StagingCost {
  return stagingCost(sizeBytes, spec.regions, spec.ttl, GUIDE_PRICES);
}

/** The record of a complete entry. */
export function recordOf(
  spec: EntrySpec,
  settings: EnvironmentSettings,
  data: StagedFacts,
  access: EntryFacts["access"],
): StagingRecord {
  const { filename, kind, key, sizeBytes, fileCount, sha256, manifestKey, manifestSha256 } = data;
  const cost = costOf(spec, sizeBytes);
  return {
    ...{ stagingId: spec.id, filename, kind, key, sizeBytes, fileCount, sha256, manifestKey, manifestSha256 },
    regions: spec.regions,
    buckets: spec.regions.map((region) => bucketOf(settings, region)),
    destination: spec.destination,
    uploadedAt: new Date(data.uploadedAt),
    ttl: spec.ttl,
    sweepId: spec.sweepId,
    stack: stackOf(spec, settings),
    declaredAs: spec.declaredAs,
    allowAccounts: spec.allowAccounts,
    bucketReaders: bucketReaders(spec.allowAccounts, settings.readers),
    accessPoints: new Map(
      spec.regions.flatMap((region) => {
        const point = access[region];
        return point === undefined ? [] : [[region, point]];
      }),
    ),
    cost: { replication: toDollars(cost.replication), storagePerDay: toDollars(cost.storagePerDay) },
  };
}

/** The outputs of a complete entry. */
export function entryDetails(
  spec: EntrySpec,
  settings: EnvironmentSettings,
  { data, replicas, expirations, access }: EntryFacts,
): EntryDetails {
  const cost = costOf(spec, data.sizeBytes);
  const locations = spec.regions.map((region): [string, EntryLocation] => {
    const bucket = bucketOf(settings, region);
    const expiration = expirations[region];
    if (expiration === undefined) throw new Error(`${spec.id} has no expiration in ${region}`);
    const replication = replicas[region];
    const accessPoint = access[region];
    return [
      region,
      {
        bucket,
        uri: `s3://${bucket}/${data.key}`,
        ...(replication ? { replication } : {}),
        expiration,
        ...(accessPoint ? { accessPoint } : {}),
      },
    ];
  });
  const readers = bucketReaders(spec.allowAccounts, settings.readers);
  return {
    id: spec.id,
    ...data,
    regions: spec.regions,
    destination: spec.destination,
    ttlDays: spec.ttl,
    expiresAt: isoSeconds(expiresAt(new Date(data.uploadedAt), spec.ttl)),
    ...(spec.sweepId === undefined ? {} : { sweepId: spec.sweepId }),
    stack: stackOf(spec, settings),
    ...(spec.declaredAs === undefined ? {} : { declaredAs: spec.declaredAs }),
    ...(spec.allowAccounts.length === 0 ? {} : { allowAccounts: spec.allowAccounts }),
    ...(readers.length === 0 ? {} : { bucketReaders: readers }),
    locations: Object.fromEntries(locations),
    cost: {
      replication: toDollars(cost.replication),
      storage: toDollars(cost.storage),
      storagePerDay: toDollars(cost.storagePerDay),
      total: toDollars(cost.total),
    },
  };
}
