import type { AccountId } from "./accounts.ts";
import type { DeclaredSource } from "./declared-source.ts";
import type { Destination } from "./destination.ts";
import { InputError } from "./errors.ts";
import type { StagingId } from "./ids.ts";
import { omitUndefined } from "./omit.ts";
import type { RegionList } from "./regions.ts";
import { parseStackName, type StackName } from "./stack-name.ts";
import type { TtlDays } from "./ttl.ts";

export const REPLICATION_METHODS = ["rule", "copy"] as const;
export type ReplicationMethod = (typeof REPLICATION_METHODS)[number];

/** The specification of one staging entry: all inputs of its component except the environment. */
export interface EntrySpec {
  readonly id: StagingId;
  /** An absolute path on the machine that runs the update, or an `s3://` URL. */
  readonly source: string;
  /** The name of the staged data. Default: the source's own name. */
  readonly filename?: string;
  /** Patterns of paths in a directory to leave out, in the syntax of .gitignore. */
  readonly exclude: readonly string[];
  /** Stages the targets of a local directory's links in place of the links. */
  readonly followLinks?: boolean;
  /** For an S3 source: skips the SHA-256 if spawn would have to read the data to compute it. */
  readonly noSha256: boolean;
  /** Uploads small files in parts, too. */
  readonly multipart?: boolean;
  /** Seconds without data from S3 after which a request fails. */
  readonly timeoutSeconds?: number;
  /** For an S3 source: the credentials in use pay for requests and transfer, if the bucket's owner requires it. */
  readonly requestPayer?: boolean;
  /** Maximum bytes per second that this machine sends, and reads from an S3 source. Default: no limit. */
  readonly bandwidthLimit?: number;
  readonly regions: RegionList;
  readonly destination: Destination;
  readonly ttl: TtlDays;
  readonly sweepId: string | undefined;
  readonly replication: ReplicationMethod;
  /** Other accounts that may read the entry. */
  readonly allowAccounts: readonly AccountId[];
  /** IDs of the same entry if it was adopted, or if an earlier version created it from another spelling of its source. */
  readonly formerIds?: readonly StagingId[];
  /** For an item of `spawn:entries`: its source on every machine. */
  readonly declaredSource?: DeclaredSource;
  /** For an item of `spawn:entries`: the ID of the entry that `spawn stage adopt` gave to it. */
  readonly adoptedId?: StagingId;
  /** For an item of `spawn:entries`: the SHA-256 that its content must have, lower-case hex. */
  readonly sha256?: string;
  /** For an item of `spawn:entries`: each update of its stack renews the TTL. */
  readonly keep?: boolean;
  /** For a declared entry: the item's name. */
  readonly declaredAs: string | undefined;
}

/** Options of the transfer; they do not change the staged data. */
type SendingOptions = Pick<EntrySpec, "multipart" | "timeoutSeconds" | "requestPayer" | "bandwidthLimit">;

/** Splits a spec into the options of the transfer and the rest. */
export function splitSpec({
  multipart,
  timeoutSeconds,
  requestPayer,
  bandwidthLimit,
  ...chosen
}: EntrySpec): {
  readonly chosen: Omit<EntrySpec, keyof SendingOptions>;
  readonly sending: SendingOptions;
} {
  return { chosen, sending: omitUndefined({ multipart, timeoutSeconds, requestPayer, bandwidthLimit }) };
}

/** All possible IDs of an entry. */
export const idsOf = ({ id, formerIds = [] }: Pick<EntrySpec, "id" | "formerIds">): readonly StagingId[] => [
  id,
  ...formerIds,
];

/** The last component of a path or URL: the name of the staged data. */
export function filenameOf(source: string): string {
  return source.replace(/\/+$/, "").split("/").at(-1) ?? "";
}

/** The name of an entry's staged data. */
export const storedName = ({ filename, source }: Pick<EntrySpec, "filename" | "source">): string =>
  filename ?? filenameOf(source);

/** Stack of an entry from the command line. */
export const entryStackName = (environment: string, id: StagingId): StackName =>
  parseStackName(`${environment}.${id}`);

export const SWEEP_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** @throws InputError if `text` cannot be a sweep's ID */
export function parseSweepId(text: string): string {
  if (SWEEP_ID.test(text)) return text;
  throw new InputError(`"${text}" is not a sweep ID`, {
    why: "It has 1 to 128 letters, digits, dots, hyphens and underscores.",
  });
}

export function parseReplicationMethod(text: string): ReplicationMethod {
  if (text !== "rule" && text !== "copy") {
    throw new InputError(`replication "${text}" is neither rule nor copy`, {
      fix: (spell) => spell("replication", "rule"),
    });
  }
  return text;
}

export const ITEM_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** @throws InputError if `text` cannot name an item of `spawn:entries` */
export function parseItemName(text: string): string {
  if (ITEM_NAME.test(text)) return text;
  throw new InputError(`${JSON.stringify(text.slice(0, 100))} is not the name of an item of spawn:entries`, {
    why: "It has 1 to 63 letters, digits, dots, hyphens and underscores.",
  });
}
