import type { AccountId } from "../accounts.ts";

/** The owner of a resource in AWS, by its tags. */
export interface Owner {
  readonly environment?: string;
  /** The tag `spawn:bucket`. */
  readonly bucket?: string;
  /** The tag `spawn:records-table`. */
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
  /** The server's time (ISO 8601), for a program, which sends no request to the server itself. */
  readonly time?: string;
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
