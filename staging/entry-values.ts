import * as v from "valibot";
import { ACCOUNT_SHAPE, parseAccountList } from "./accounts.ts";
import { BANDWIDTH, checkBandwidthLimit, parseBandwidthLimit } from "./bandwidth.ts";
import type { DeclaredSource } from "./declared-source.ts";
import {
  decode,
  decodeMapping,
  described,
  FLAG,
  inputErrorAt,
  type JsonShape,
  MAPPING,
  matching,
  type Problem,
  parsed,
  problemAt,
} from "./decode.ts";
import { defaultDestination, parseDestination } from "./destination.ts";
import {
  type EntrySpec,
  filenameOf,
  ITEM_NAME,
  parseReplicationMethod,
  parseSweepId,
  REPLICATION_METHODS,
  SWEEP_ID,
} from "./entry.ts";
import { settingsFileName } from "./environment.ts";
import { parseExcludePattern, parseStoredPattern } from "./exclude-pattern.ts";
import { parseFilename } from "./filename.ts";
import { declaredStagingId, parseStagingId, STAGING_ID } from "./ids.ts";
import { omitUndefined, undefinedIfEmpty } from "./omit.ts";
import { parseRegionList, REGIONS_SHAPE, type RegionList } from "./regions.ts";
import { assertHasLinks, assertLocal, assertOnS3, assertRequestPayer } from "./s3-url.ts";
import { type SettingProblem, SettingsError } from "./settings-error.ts";
import { DEFAULT_TIMEOUT_SECONDS, MAX_TIMEOUT_SECONDS, parseTimeoutSeconds } from "./timeout.ts";
import { DEFAULT_TTL_DAYS, MAX_TTL_DAYS, MIN_TTL_DAYS, parseTtlDays } from "./ttl.ts";
import { isRecord } from "./type-guards.ts";

const REGIONS = "must be a list of regions";
const PATTERNS = v.array(v.string("must be a pattern"), "must be a list of patterns");
const NUMBER_OR_TEXT = v.union([v.string(), v.number()], "must be a text");
const accountsOf = (texts: readonly string[]) => (texts.length === 0 ? [] : parseAccountList(texts));

// A number no longer has its original text: 1.10 is now 1.1, 0123 is 83.
const QUOTED = v.string(({ input }) => `must be a string, in quotes: ${JSON.stringify(String(input))}`);
const quoted = <T>(parse: (text: string) => T, description: string, shape: JsonShape = {}) =>
  v.optional(parsed(described(QUOTED, description, shape), parse));
const flag = (description: string) => v.optional(described(FLAG, description), false);
const wholeNumber = (minimum: number, maximum: number): JsonShape => ({
  anyOf: [
    { type: "integer", minimum, maximum },
    { type: "string", pattern: "^\\d+$" },
  ],
});

/** The keys of an item of `spawn:entries`. */
export const ITEM_KEYS = {
  name: described(
    matching(ITEM_NAME, "must be 1 to 63 letters, digits, dots, hyphens or underscores"),
    "Name of the item, unique in the list. Another name moves no data.",
  ),
  id: quoted(parseStagingId, "The entry's ID, which spawn stage adopt has written. Do not change it.", {
    pattern: STAGING_ID.source,
  }),
  source: described(
    v.pipe(QUOTED, v.nonEmpty("is missing")),
    "File or directory, relative to this file or absolute, or an s3:// URL.",
  ),
  filename: quoted(parseFilename, "Name of the staged data. Default: the last part of the source.", {
    pattern: "^[^/]+$",
  }),
  exclude: v.optional(
    parsed(
      described(
        PATTERNS,
        'Files of a directory to leave out, in the syntax of .gitignore: [".git/", "*.tmp"]',
      ),
      (patterns) => patterns.map(parseExcludePattern),
    ),
    [],
  ),
  followLinks: flag("Stage the targets of a directory's links in place of the links."),
  noSha256: flag("Skip the SHA-256 of an S3 source if spawn would have to read the data to compute it."),
  multipart: flag("Upload files of any size in parts."),
  timeout: v.optional(
    parsed(
      described(
        v.union([v.number(), v.string()], "must be a number of seconds"),
        `Seconds without data from S3 after which a request fails. Default: ${DEFAULT_TIMEOUT_SECONDS}`,
        wholeNumber(1, MAX_TIMEOUT_SECONDS),
      ),
      parseTimeoutSeconds,
    ),
  ),
  requestPayer: flag("Accept the charges for reading a source in a Requester Pays bucket."),
  bandwidthLimit: quoted(
    parseBandwidthLimit,
    "Maximum bytes per second that this machine sends, such as 50MB/s. Items with the same limit share it.",
    { pattern: BANDWIDTH.source },
  ),
  regions: v.optional(
    parsed(
      described(
        v.union([v.string(), v.array(v.string())], REGIONS),
        "Regions of the data; spawn uploads to the first one. Default: spawn:regions",
        REGIONS_SHAPE,
      ),
      parseRegionList,
    ),
  ),
  dest: quoted(parseDestination, "Absolute path of the data on instances. Default: /mnt/data/<filename>", {
    pattern: "^/",
  }),
  ttl: v.optional(
    parsed(
      described(
        v.union([v.number(), v.string()], "must be a number of days"),
        "Days from the upload to the expiry.",
        wholeNumber(MIN_TTL_DAYS, MAX_TTL_DAYS),
      ),
      parseTtlDays,
    ),
    DEFAULT_TTL_DAYS,
  ),
  sha256: v.optional(
    described(
      v.pipe(QUOTED, v.regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits")),
      "The SHA-256 that the local file must have; of a directory: that of its manifest, which stage info shows.",
    ),
  ),
  keep: flag(
    `Each update renews the TTL, so the data stay for ttl days after the last update, up to ${MAX_TTL_DAYS} days after the upload.`,
  ),
  sweep: quoted(parseSweepId, "ID of the sweep that the entry belongs to.", { pattern: SWEEP_ID.source }),
  replication: v.optional(
    parsed(
      described(QUOTED, "rule: S3 replicates by the buckets' rules; copy: spawn copies, which is faster.", {
        enum: REPLICATION_METHODS,
      }),
      parseReplicationMethod,
    ),
    "rule",
  ),
  allowAccounts: v.optional(
    parsed(
      described(
        // Unquoted digits are a number without leading zeros, which is not an account ID.
        v.union(
          [v.string(), v.number(), v.array(NUMBER_OR_TEXT)],
          'must be a list of account IDs, such as ["123456789012"]',
        ),
        'Other AWS accounts that may read the entry, in quotes: ["123456789012"]',
        { anyOf: [{ type: "array", items: ACCOUNT_SHAPE }, { type: "string" }] },
      ),
      (ids) => accountsOf([ids].flat().flatMap((id) => String(id).split(","))),
    ),
    [],
  ),
};

const SOURCE_CHECKS = {
  noSha256: assertOnS3,
  requestPayer: assertRequestPayer,
  followLinks: assertHasLinks,
  sha256: assertLocal,
} as const;
const SOURCE_CHECKED = ["noSha256", "requestPayer", "followLinks", "sha256"] as const;

/**
 * Parses `spawn:entries`, the declared entries of an environment.
 * @param resolveSource resolves a source; relative sources are relative to the project's folder
 * @throws SettingsError with all problems of all items
 */
export function parseDeclaredEntries(
  environment: string,
  value: unknown,
  resolveSource: (source: string) => DeclaredSource,
  defaultRegions: RegionList,
): EntrySpec[] {
  if (value === undefined || value === null) return [];
  const file = settingsFileName(environment);
  if (!Array.isArray(value))
    throw new SettingsError(file, [{ path: ["entries"], text: "spawn:entries must be a list" }]);
  const problems: SettingProblem[] = [];
  const names = new Set<string>();
  const ids = new Set<string>();
  const entries = value.flatMap((written: unknown, index): EntrySpec[] => {
    // A key without a value is null in YAML.
    const item = isRecord(written)
      ? Object.fromEntries(Object.entries(written).filter(([, one]) => one !== null))
      : written;
    const before = problems.length;
    const report = (problem: Problem) => {
      problems.push(settingProblem(problem, isRecord(item) ? item["name"] : undefined, index));
    };
    const decoded = decodeMapping(ITEM_KEYS, item);
    if ("problems" in decoded) {
      decoded.problems.forEach(report);
      return [];
    }
    const { name, source, dest, sweep, regions = defaultRegions, ...options } = decoded.output;
    const { exclude, noSha256, filename, followLinks, timeout, bandwidthLimit } = options;
    const { ttl, replication, allowAccounts } = options;
    if (names.has(name)) report({ path: "name", message: "is given twice", keys: ["name"] });
    names.add(name);
    if (options.id !== undefined && ids.has(options.id))
      report({ path: "id", message: "is given twice", keys: ["id"] });
    if (options.id !== undefined) ids.add(options.id);
    const declaredSource = resolveSource(source);
    const { location, canonical, others } = declaredSource;
    for (const key of SOURCE_CHECKED) {
      if (options[key]) problemAt(key, () => SOURCE_CHECKS[key](location)).forEach(report);
    }
    if (problems.length > before) return [];
    const idOf = (spelling: string) =>
      declaredStagingId(environment, name, spelling, regions[0], {
        ...{ exclude, noSha256, filename, followLinks },
      });
    return [
      {
        id: idOf(canonical),
        source: location,
        ...{ exclude, noSha256, regions, ttl, sweepId: sweep, replication, allowAccounts, declaredAs: name },
        destination: dest ?? defaultDestination(filename ?? filenameOf(location)),
        ...omitUndefined({
          formerIds: undefinedIfEmpty([
            ...(options.id === undefined ? [] : [options.id]),
            ...others.map(idOf),
          ]),
          adoptedId: options.id,
          ...{ declaredSource, filename, bandwidthLimit, timeoutSeconds: timeout, sha256: options.sha256 },
          ...{ followLinks: followLinks || undefined, multipart: options.multipart || undefined },
          ...{ requestPayer: options.requestPayer || undefined, keep: options.keep || undefined },
        }),
      },
    ];
  });
  if (problems.length > 0) throw new SettingsError(file, problems);
  return entries;
}

/** A problem of an item, under the item's name if it has a valid one. */
function settingProblem(
  { path, message, why, fix, keys = [], isUnknownKey }: Problem,
  name: unknown,
  index: number,
): SettingProblem {
  const isNamed = typeof name === "string" && ITEM_NAME.test(name);
  const key = path === "" ? "" : isNamed ? `: ${path}` : `.${path}`;
  const item = isNamed ? `: item ${name}` : `[${index}]`;
  return {
    path: ["entries", index, ...keys],
    text: `spawn:entries${item}${key} ${message}`,
    ...{ why, fix, isUnknownKey },
  };
}

// Earlier versions wrote some numbers without quotes.
const LOOSE = v.pipe(NUMBER_OR_TEXT, v.transform(String), v.nonEmpty("is missing"));
const loose = <T>(parse: (text: string) => T) => parsed(LOOSE, parse);

/** The JSON of a spec. Keys of other versions are ignored. Optional keys are absent in specs of earlier versions. */
const SPEC = v.pipe(
  MAPPING,
  v.object({
    id: loose(parseStagingId),
    source: LOOSE,
    filename: v.optional(loose(parseFilename)),
    exclude: v.optional(
      parsed(PATTERNS, (patterns) => patterns.map(parseStoredPattern)),
      [],
    ),
    followLinks: v.optional(FLAG),
    noSha256: v.optional(FLAG, false),
    multipart: v.optional(FLAG),
    timeoutSeconds: v.optional(loose(parseTimeoutSeconds)),
    requestPayer: v.optional(FLAG),
    bandwidthLimit: v.optional(parsed(v.unknown(), checkBandwidthLimit)),
    regions: parsed(v.array(v.string("must be a region"), REGIONS), parseRegionList),
    destination: loose(parseDestination),
    ttl: loose(parseTtlDays),
    sweepId: v.optional(loose(parseSweepId)),
    replication: loose(parseReplicationMethod),
    allowAccounts: v.optional(
      parsed(v.array(v.string("must be a text"), "must be a list of texts"), accountsOf),
      [],
    ),
    declaredAs: v.optional(LOOSE),
  }),
);

/** Parses a spec from JSON. @throws InputError that names `where` and the key */
export function parseEntrySpec(value: unknown, where: string): EntrySpec {
  const { filename, followLinks, multipart, requestPayer, timeoutSeconds, bandwidthLimit, ...spec } = decode(
    SPEC,
    value,
    inputErrorAt(where),
  );
  return {
    ...spec,
    ...{ sweepId: spec.sweepId, declaredAs: spec.declaredAs },
    ...omitUndefined({
      ...{ filename, timeoutSeconds, bandwidthLimit, multipart: multipart || undefined },
      ...{ followLinks: followLinks || undefined, requestPayer: requestPayer || undefined },
    }),
  };
}
