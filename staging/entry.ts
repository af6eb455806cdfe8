import { type AccountId, parseAccountList } from "./accounts.ts";
import { checkBandwidthLimit, parseBandwidthLimit } from "./bandwidth.ts";
import type { DeclaredSource } from "./declared-source.ts";
import { type Destination, defaultDestination, parseDestination } from "./destination.ts";
import { InputError } from "./errors.ts";
import { parseExcludePattern, parseStoredPattern } from "./exclude-pattern.ts";
import { parseFilename } from "./filename.ts";
import { declaredStagingId, parseStagingId, type StagingId } from "./ids.ts";
import { parseRegionList, type RegionList } from "./regions.ts";
import { assertHasLinks, assertOnS3, assertRequestPayer } from "./s3-url.ts";
import { parseStackName, type StackName } from "./stack-name.ts";
import { parseTimeoutSeconds } from "./timeout.ts";
import { DEFAULT_TTL_DAYS, parseTtlDays, type TtlDays } from "./ttl.ts";
import { isRecord, isStringArray } from "./type-guards.ts";

export type ReplicationMethod = "rule" | "copy";

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
  /** IDs of the same entry if an earlier version created it from another spelling of its source. */
  readonly formerIds?: readonly StagingId[];
  /** For a declared entry: the item's name. */
  readonly declaredAs: string | undefined;
}

/** Options of the transfer; they do not change the staged data. */
export type SendingOptions = Pick<
  EntrySpec,
  "multipart" | "timeoutSeconds" | "requestPayer" | "bandwidthLimit"
>;

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
  const sending = {
    ...(multipart === undefined ? {} : { multipart }),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(requestPayer === undefined ? {} : { requestPayer }),
    ...(bandwidthLimit === undefined ? {} : { bandwidthLimit }),
  };
  return { chosen, sending };
}

/** The entries with the IDs in the stack's state: another spelling of its source must not create another entry. */
export function withIdsOf(entries: readonly EntrySpec[], inState: ReadonlySet<string>): EntrySpec[] {
  return entries.map((entry) => ({
    ...entry,
    id: idsOf(entry).find((id) => inState.has(id)) ?? entry.id,
  }));
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

const SWEEP_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

export const isSweepId = (text: string): boolean => SWEEP_ID.test(text);

/** @throws InputError if `text` cannot be a sweep's ID */
export function parseSweepId(text: string): string {
  if (!isSweepId(text)) {
    throw new InputError(`"${text}" is not a sweep ID`, {
      why: "It has 1 to 128 letters, digits, dots, hyphens and underscores.",
    });
  }
  return text;
}

export function parseReplicationMethod(text: string): ReplicationMethod {
  if (text !== "rule" && text !== "copy") {
    throw new InputError(`replication "${text}" is neither rule nor copy`, { fix: "--replication rule" });
  }
  return text;
}

const ITEM_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** @throws InputError if `text` cannot name an item of `spawn:entries` */
export function parseItemName(text: string): string {
  if (ITEM_NAME.test(text)) return text;
  throw new InputError(`${JSON.stringify(text.slice(0, 100))} is not the name of an item of spawn:entries`, {
    why: "It has 1 to 63 letters, digits, dots, hyphens and underscores.",
  });
}

const ITEM_KEYS = [
  "name",
  "source",
  "filename",
  "exclude",
  "followLinks",
  "noSha256",
  "requestPayer",
  "bandwidthLimit",
  "regions",
  "dest",
  "ttl",
  "sweep",
  "replication",
  "allowAccounts",
] as const;

/**
 * Parses `spawn:entries`, the declared entries of an environment.
 * @param resolveSource resolves a source; relative sources are relative to the project's folder
 * @throws InputError that names the item and the key
 */
export function parseDeclaredEntries(
  environment: string,
  value: unknown,
  resolveSource: (source: string) => DeclaredSource,
  defaultRegions: RegionList,
): EntrySpec[] {
  if (value === undefined || value === null) return [];
  const where = `Pulumi.${environment}.yaml: spawn:entries`;
  if (!Array.isArray(value)) throw new InputError(`${where} must be a list`);
  const names = new Set<string>();
  return value.map((item: unknown, index) => {
    if (!isRecord(item)) throw new InputError(`${where}[${index}] must be a mapping with name and source`);
    const name = item["name"];
    if (typeof name !== "string" || !ITEM_NAME.test(name)) {
      throw new InputError(
        `${where}[${index}].name must be 1 to 63 letters, digits, dots, hyphens or underscores`,
      );
    }
    const fail = (key: string, problem: string): never => {
      throw new InputError(`${where}: item ${name}: ${key} ${problem}`);
    };
    if (names.has(name)) fail("name", "is given twice");
    names.add(name);
    for (const key of Object.keys(item)) {
      if (!(ITEM_KEYS as readonly string[]).includes(key))
        fail(key, `is not a known key (${ITEM_KEYS.join(", ")})`);
    }
    const parse = <T>(key: string, run: () => T): T => {
      try {
        return run();
      } catch (error) {
        if (error instanceof InputError) return fail(key, `is not valid: ${error.message}`);
        throw error;
      }
    };
    const text = (key: string): string | undefined => {
      const found = item[key];
      if (found === undefined || found === null) return undefined;
      if (typeof found === "string") return found;
      // A number no longer has its original text: 1.10 is now 1.1, 0123 is 83.
      return fail(key, `must be a string, in quotes: ${key}: ${JSON.stringify(String(found))}`);
    };
    const parseRegions = (value: unknown): RegionList => {
      if (value === undefined || value === null) return defaultRegions;
      return typeof value === "string" || isStringArray(value)
        ? parse("regions", () => parseRegionList(value))
        : fail("regions", "must be a list of regions");
    };
    const parseExclude = (value: unknown): string[] => {
      if (value === undefined || value === null) return [];
      return isStringArray(value)
        ? parse("exclude", () => value.map(parseExcludePattern))
        : fail("exclude", "must be a list of patterns");
    };
    const parseAccounts = (value: unknown): readonly AccountId[] => {
      if (value === undefined || value === null) return [];
      const items: unknown[] = Array.isArray(value) ? value : [value];
      // Unquoted digits are a number without leading zeros; the parser of the number reports it.
      if (items.some((item) => typeof item !== "string" && typeof item !== "number")) {
        return fail("allowAccounts", 'must be a list of account IDs, such as ["123456789012"]');
      }
      return items.length === 0 ? [] : parse("allowAccounts", () => parseAccountList(items.join(",")));
    };
    const declaredSource = text("source");
    if (declaredSource === undefined || declaredSource === "") return fail("source", "is missing");
    const { location: source, canonical, others } = resolveSource(declaredSource);
    const exclude = parseExclude(item["exclude"]);
    const filename = text("filename");
    if (filename !== undefined) parse("filename", () => parseFilename(filename));
    const noSha256 = item["noSha256"] ?? false;
    if (typeof noSha256 !== "boolean") return fail("noSha256", "must be true or false");
    if (noSha256) parse("noSha256", () => assertOnS3(source));
    const requestPayer = item["requestPayer"] ?? false;
    if (typeof requestPayer !== "boolean") return fail("requestPayer", "must be true or false");
    if (requestPayer) parse("requestPayer", () => assertRequestPayer(source));
    const limit = text("bandwidthLimit");
    const bandwidthLimit =
      limit === undefined ? undefined : parse("bandwidthLimit", () => parseBandwidthLimit(limit));
    const followLinks = item["followLinks"] ?? false;
    if (typeof followLinks !== "boolean") return fail("followLinks", "must be true or false");
    if (followLinks) parse("followLinks", () => assertHasLinks(source));
    const regions = parseRegions(item["regions"]);
    const dest = text("dest");
    const ttl = typeof item["ttl"] === "number" ? String(item["ttl"]) : text("ttl");
    const sweep = text("sweep");
    const replication = text("replication");
    const idOf = (spelling: string): StagingId =>
      declaredStagingId(environment, name, spelling, regions[0], {
        ...{ exclude, noSha256, filename, followLinks },
      });
    return {
      id: idOf(canonical),
      ...(others.length === 0 ? {} : { formerIds: others.map(idOf) }),
      source,
      ...(filename === undefined ? {} : { filename }),
      exclude,
      ...(followLinks ? { followLinks } : {}),
      noSha256,
      ...(requestPayer ? { requestPayer } : {}),
      ...(bandwidthLimit === undefined ? {} : { bandwidthLimit }),
      regions,
      destination:
        dest === undefined
          ? defaultDestination(filename ?? filenameOf(source))
          : parse("dest", () => parseDestination(dest)),
      ttl: ttl === undefined ? DEFAULT_TTL_DAYS : parse("ttl", () => parseTtlDays(ttl)),
      sweepId: sweep === undefined ? undefined : parse("sweep", () => parseSweepId(sweep)),
      replication:
        replication === undefined ? "rule" : parse("replication", () => parseReplicationMethod(replication)),
      allowAccounts: parseAccounts(item["allowAccounts"]),
      declaredAs: name,
    };
  });
}

/** Parses a spec from JSON. @throws InputError that names `where` and the key */
export function parseEntrySpec(value: unknown, where: string): EntrySpec {
  if (!isRecord(value)) throw new InputError(`${where} does not hold an entry`);
  const named = <T>(key: string, run: () => T): T => {
    try {
      return run();
    } catch (error) {
      if (error instanceof InputError)
        throw new InputError(`${where}: ${key} is not valid: ${error.message}`);
      throw error;
    }
  };
  const parse = <T>(key: string, read: (text: string) => T): T => {
    const found = value[key];
    const text = typeof found === "number" ? String(found) : found;
    if (typeof text !== "string" || text === "") throw new InputError(`${where}: ${key} is missing`);
    return named(key, () => read(text));
  };
  const optional = <T>(key: string, read: (text: string) => T): T | undefined =>
    value[key] === undefined ? undefined : parse(key, read);
  const asIs = (text: string): string => text;
  const regions = value["regions"];
  if (!isStringArray(regions)) throw new InputError(`${where}: regions is missing`);
  // Absent in specs of versions without directories and sharing.
  const {
    exclude = [],
    noSha256 = false,
    multipart = false,
    followLinks = false,
    allowAccounts = [],
  } = value;
  const filename = optional("filename", parseFilename);
  const timeoutSeconds = optional("timeoutSeconds", parseTimeoutSeconds);
  if (!isStringArray(exclude)) throw new InputError(`${where}: exclude must be a list of patterns`);
  if (typeof noSha256 !== "boolean") throw new InputError(`${where}: noSha256 must be true or false`);
  const { requestPayer = false, bandwidthLimit } = value;
  if (typeof requestPayer !== "boolean") throw new InputError(`${where}: requestPayer must be true or false`);
  if (typeof multipart !== "boolean") throw new InputError(`${where}: multipart must be true or false`);
  if (typeof followLinks !== "boolean") throw new InputError(`${where}: followLinks must be true or false`);
  if (!isStringArray(allowAccounts)) throw new InputError(`${where}: allowAccounts must be a list of texts`);
  return {
    id: parse("id", parseStagingId),
    source: parse("source", asIs),
    ...(filename === undefined ? {} : { filename }),
    ...(multipart ? { multipart } : {}),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(requestPayer ? { requestPayer } : {}),
    ...(bandwidthLimit === undefined
      ? {}
      : { bandwidthLimit: named("bandwidthLimit", () => checkBandwidthLimit(bandwidthLimit)) }),
    ...(followLinks ? { followLinks } : {}),
    exclude: named("exclude", () => exclude.map(parseStoredPattern)),
    noSha256,
    regions: named("regions", () => parseRegionList(regions)),
    destination: parse("destination", parseDestination),
    ttl: parse("ttl", parseTtlDays),
    sweepId: optional("sweepId", parseSweepId),
    replication: parse("replication", parseReplicationMethod),
    allowAccounts:
      allowAccounts.length === 0 ? [] : named("allowAccounts", () => parseAccountList(allowAccounts)),
    declaredAs: optional("declaredAs", asIs),
  };
}
