import type { AccountId } from "../accounts.ts";
import { ENVIRONMENT_TAG, type EnvironmentSettings } from "../environment.ts";
import type { Region } from "../regions.ts";

/**
 * Tag of a table or a role: a bucket of the environment that owns it. Two environments of one account can have the same name
 * ({@link ENVIRONMENT_TAG}), but never the same bucket.
 */
export const BUCKET_TAG = "spawn:bucket";
/** Tag of a bucket: the records table of the environment that owns it. */
export const RECORDS_TABLE_TAG = "spawn:records-table";

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
export interface HeldTable {
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
  /** IDs of the entries with data in the state. @default none */
  readonly stagingIds?: readonly string[];
}

export const NOTHING_HELD: Held = {
  isKnown: true,
  cloud: undefined,
  tables: [],
  buckets: [],
  role: undefined,
};

/** The owner of a resource in AWS, by its tags. */
export interface Owner {
  readonly environment?: string;
  /** {@link BUCKET_TAG} */
  readonly bucket?: string;
  /** {@link RECORDS_TABLE_TAG} */
  readonly recordsTable?: string;
}

/** A table in AWS. */
export interface TableFact {
  readonly region: string;
  readonly name: string;
  readonly exists: boolean;
  /** Its account, which is that of the credentials. Absent if the credentials may not read the table. */
  readonly account?: AccountId;
  readonly owner: Owner;
}

/** A bucket in AWS. */
export interface BucketFact {
  readonly region: string;
  readonly name: string;
  /**
   * `foreign`: it belongs to another account, though the credentials can read it. `denied`: it exists, in another
   * account or out of reach of the credentials. `elsewhere`: in another region.
   */
  readonly state: "none" | "there" | "foreign" | "denied" | "elsewhere";
  readonly owner: Owner;
  /** Whether it has objects, versions or uploads in progress; only on request. */
  readonly inUse?: boolean;
  /** Missing settings of an existing bucket, such as `versioning`. */
  readonly lacks?: readonly string[];
}

/** The replication role in IAM. */
export interface RoleFact {
  readonly name: string;
  readonly exists: boolean;
  readonly owner: Owner;
  /** Buckets that its policy names. */
  readonly buckets: readonly string[];
  /** The credentials may not read roles. */
  readonly denied?: boolean;
  /** The role has no policy of spawn. */
  readonly lacksPolicy?: boolean;
}

/** AWS's resources under the names of an environment. */
export interface EnvironmentFacts {
  readonly tables: readonly TableFact[];
  readonly buckets: readonly BucketFact[];
  readonly role: RoleFact | undefined;
  /** The account of the credentials, if the server has accounts. */
  readonly account?: AccountId | undefined;
}

/** The resources to survey in AWS. */
export interface SurveyRequest {
  readonly tables: readonly { readonly region: string; readonly name: string }[];
  readonly buckets: readonly {
    readonly region: string;
    readonly name: string;
    /** Whether to check it for data. */
    readonly data?: boolean;
    /** Whether to check its settings. */
    readonly settings?: boolean;
  }[];
  readonly role?: string;
}

export const ownerOfTags = (tags: Readonly<Record<string, string>>): Owner => ({
  ...(tags[ENVIRONMENT_TAG] === undefined ? {} : { environment: tags[ENVIRONMENT_TAG] }),
  ...(tags[BUCKET_TAG] === undefined ? {} : { bucket: tags[BUCKET_TAG] }),
  ...(tags[RECORDS_TABLE_TAG] === undefined ? {} : { recordsTable: tags[RECORDS_TABLE_TAG] }),
});

/** Whether tags name another environment than `settings`. Without tags: false. */
export function isOthers(settings: EnvironmentSettings, owner: Owner): boolean {
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
