import type { AccountId } from "../accounts.ts";
import type { HeldTtl } from "../declared-expiry.ts";
import { ENVIRONMENT_TAG, type EnvironmentSettings } from "../environment.ts";
import type { HeldEntry } from "../held-entry.ts";
import type { Region } from "../regions.ts";
import type { Owner } from "../resources/environment-facts.ts";

/**
 * Tag of a table or a role: a bucket of the environment that owns it. Two environments of one account can have the same name
 * ({@link ENVIRONMENT_TAG}), but never the same bucket.
 */
const BUCKET_TAG = "spawn:bucket";
/** Tag of a bucket: the records table of the environment that owns it. */
const RECORDS_TABLE_TAG = "spawn:records-table";

/** The tags of the environment's tables and of its role. */
export function tableTags(settings: EnvironmentSettings): Record<string, string> {
  const bucket = settings.buckets.get(settings.tableRegion) ?? settings.buckets.get(settings.regions[0]);
  return { [ENVIRONMENT_TAG]: settings.name, ...(bucket === undefined ? {} : { [BUCKET_TAG]: bucket }) };
}

/** The tags of a bucket that the environment creates. */
export const bucketTags = (
  settings: Pick<EnvironmentSettings, "name" | "recordsTable">,
): Record<string, string> => ({
  [ENVIRONMENT_TAG]: settings.name,
  [RECORDS_TABLE_TAG]: settings.recordsTable,
});

/** The purposes of the environment's tables. */
export const TABLE_ROLES = ["records", "usage", "sweeps"] as const;
export type TableRole = (typeof TABLE_ROLES)[number];

/** A name in the environment's stack. */
interface HeldTable {
  readonly role: TableRole;
  readonly region: string;
  readonly name: string;
}
export interface HeldBucket {
  readonly region: string;
  readonly name: string;
  /** Whether the user created it. */
  readonly adopted: boolean;
}

/** The resources in an environment's stack that decide over data. */
export interface Held {
  /** Whether this is the complete state; false if it could not be read. */
  readonly isKnown: boolean;
  readonly cloud: string | undefined;
  readonly tables: readonly HeldTable[];
  readonly buckets: readonly HeldBucket[];
  readonly role: string | undefined;
  /** The account of the tables, from their ARNs. */
  readonly account?: AccountId | undefined;
  /** Entries with data in the state. @default none */
  readonly entries?: readonly HeldEntry[];
  /** The TTLs of the entries in the state. @default none */
  readonly ttls?: readonly HeldTtl[];
}

export const NOTHING_HELD: Held = {
  isKnown: true,
  cloud: undefined,
  tables: [],
  buckets: [],
  role: undefined,
};

export const ownerOfTags = (tags: Readonly<Record<string, string>>): Owner => ({
  ...(tags[ENVIRONMENT_TAG] === undefined ? {} : { environment: tags[ENVIRONMENT_TAG] }),
  ...(tags[BUCKET_TAG] === undefined ? {} : { bucket: tags[BUCKET_TAG] }),
  ...(tags[RECORDS_TABLE_TAG] === undefined ? {} : { recordsTable: tags[RECORDS_TABLE_TAG] }),
});

/** Whether tags name another environment than `settings`. Without tags: false. */
export function isOwnedByAnother(settings: EnvironmentSettings, owner: Owner): boolean {
  if (owner.environment === undefined) return false;
  if (owner.environment !== settings.name) return true;
  if (owner.bucket !== undefined && ![...settings.buckets.values()].includes(owner.bucket)) return true;
  return owner.recordsTable !== undefined && owner.recordsTable !== settings.recordsTable;
}

/** The owner for an error: `environment dev`, with an identifying table or bucket. */
export function describeOwner(settings: EnvironmentSettings, owner: Owner): string {
  if (owner.environment !== settings.name) return `environment ${owner.environment}`;
  const proof =
    owner.bucket === undefined ? `the records table ${owner.recordsTable}` : `the bucket ${owner.bucket}`;
  return `another environment ${owner.environment}, which has ${proof}`;
}

/** The names of an environment's tables, with the key that set each. */
export const tablesOf = (settings: EnvironmentSettings) =>
  TABLE_ROLES.map((role) => ({
    role,
    name: settings[`${role}Table`],
    key: settings.keys[`${role}Table`],
  }));

/** The key that set the bucket of a region. */
export const bucketKey = (settings: EnvironmentSettings, region: Region): string =>
  settings.keys.buckets.get(region) ?? "spawn:buckets";
