import { type AccountId, parseAccountId } from "./accounts.ts";
import { InputError } from "./errors.ts";
import { parseReaders } from "./readers.ts";
import { listOf, parseRegion, parseRegionList, type Region, type RegionList } from "./regions.ts";
import { isRecord, isStringArray } from "./type-guards.ts";

/**
 * The settings of one environment, from `config:` in `Pulumi.<environment>.yaml`; the file documents every key. Every
 * name in AWS follows from them, so no command looks up a name.
 */
export interface EnvironmentSettings {
  /** The environment's name; also the name of its stack. */
  readonly name: string;
  /** `local`: the emulator on this machine. `aws`: an AWS account. */
  readonly cloud: "local" | "aws";
  /** Regions with a staging bucket. The first is the default primary region of entries. */
  readonly regions: RegionList;
  /** Prefix of every name that is unique in an account and that no other key sets. */
  readonly namePrefix: string;
  /** The bucket of each region. */
  readonly buckets: ReadonlyMap<Region, string>;
  /** Regions with an adopted bucket, which is never deleted. */
  readonly adopted: ReadonlySet<Region>;
  /** The region of the tables; it may have no bucket. */
  readonly tableRegion: Region;
  readonly recordsTable: string;
  readonly usageTable: string;
  readonly sweepsTable: string;
  /** Other accounts that may read shared entries by the name of a bucket. */
  readonly readers: readonly AccountId[];
  /** The AWS account that the environment must be in. @default the account of the credentials in use */
  readonly account?: AccountId;
  /** The ARN of the permissions boundary of the workers' roles. @default no limit */
  readonly workersBoundary?: string;
  /** The key that set each name, for errors that say which key to edit. */
  readonly keys: NameKeys;
}

/** The key that set each name, as the user writes it: `spawn:bucketPrefix`. */
export interface NameKeys {
  readonly buckets: ReadonlyMap<Region, string>;
  /** Regions whose bucket has the default name, the same for every user. */
  readonly unnamedBuckets: ReadonlySet<Region>;
  readonly tableRegion: string;
  readonly recordsTable: string;
  readonly usageTable: string;
  readonly sweepsTable: string;
}

/** Keys in the namespace `spawn`, without the prefix. */
export const ENVIRONMENT_KEYS = [
  "cloud",
  "account",
  "regions",
  "namePrefix",
  "bucketPrefix",
  "buckets",
  "adopt",
  "readers",
  "tableRegion",
  "recordsTable",
  "usageTable",
  "sweepsTable",
  "workersBoundary",
  "entries",
] as const;
type EnvironmentKey = (typeof ENVIRONMENT_KEYS)[number];

/** Keys that name a table. */
type TableKey = "recordsTable" | "usageTable" | "sweepsTable";

/** Tag of an environment's resources. Unlike object tags it can be a cost allocation tag. */
export const ENVIRONMENT_TAG = "spawn:environment";

const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** The default of `spawn:namePrefix`. */
export const DEFAULT_NAME_PREFIX = "spawn";

// IAM allows 64 characters for the role's name; `-replication-` and the environment take 45.
const NAME_PREFIX = /^[a-z]([a-z0-9-]{0,17}[a-z0-9])?$/;
/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns */
const POLICY_ARN = /^arn:aws[a-z-]*:iam::\d{12}:policy\/[\w+=,.@/-]{1,640}$/;
const TABLE_NAME = /^[a-zA-Z0-9_.-]{3,255}$/;
const ENVIRONMENT_NAME = /^[a-z][a-z0-9-]{0,31}$/;

/**
 * Whether `text` is a valid bucket name.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
const isBucketName = (text: string): boolean => BUCKET_NAME.test(text) && !text.includes("..");

/** @throws InputError if `text` is not a valid bucket name */
export function parseBucketName(text: string): string {
  if (!isBucketName(text)) {
    throw new InputError(`"${text}" cannot name a bucket`, {
      why: "A name has 3 to 63 lower-case letters, digits, hyphens and dots, and begins and ends with a letter or digit.",
    });
  }
  return text;
}

/** @throws InputError if `text` is not a lower-case word that can name a stack: letters, digits, hyphens, no dot */
export function parseEnvironmentName(text: string): string {
  if (!ENVIRONMENT_NAME.test(text)) {
    throw new InputError(`"${text}" is not the name of an environment`, {
      why: "It is a lower-case word of letters, digits and hyphens, such as dev: the name of a Pulumi.<environment>.yaml.",
    });
  }
  return text;
}

/**
 * Parses the values under `spawn:` of one environment.
 * @param values the keys without their `spawn:` prefix
 * @param file named in errors
 * @throws InputError that names the key
 */
export function parseEnvironmentSettings(
  name: string,
  values: Readonly<Record<string, unknown>>,
  file = `Pulumi.${name}.yaml`,
): EnvironmentSettings {
  const fail = (key: EnvironmentKey, problem: string): never => {
    throw new InputError(`${file}: spawn:${key} ${problem}`, { fix: `Edit spawn:${key} in ${file}.` });
  };
  const at = <T>(key: EnvironmentKey, parse: () => T): T => {
    try {
      return parse();
    } catch (error) {
      if (error instanceof InputError) return fail(key, `is not valid: ${error.message}`);
      throw error;
    }
  };
  for (const key of Object.keys(values)) {
    if (!(ENVIRONMENT_KEYS as readonly string[]).includes(key)) {
      throw new InputError(`${file}: spawn:${key} is not a known key`, {
        why: `The keys are ${ENVIRONMENT_KEYS.map((known) => `spawn:${known}`).join(", ")}.`,
      });
    }
  }
  const cloud = values["cloud"] ?? "aws";
  if (cloud !== "local" && cloud !== "aws") return fail("cloud", 'must be "local" or "aws"');

  const rawAccount = values["account"];
  if (rawAccount !== undefined && typeof rawAccount !== "string")
    return fail("account", 'must be 12 digits in quotes, such as "123456789012"');
  const account = rawAccount === undefined ? undefined : at("account", () => parseAccountId(rawAccount));

  const workersBoundary = values["workersBoundary"];
  if (
    workersBoundary !== undefined &&
    !(typeof workersBoundary === "string" && POLICY_ARN.test(workersBoundary))
  )
    return fail(
      "workersBoundary",
      "must be the ARN of an IAM policy, such as arn:aws:iam::123456789012:policy/spawn-workers",
    );

  const rawRegions = values["regions"];
  if (!(typeof rawRegions === "string" || isStringArray(rawRegions)))
    return fail("regions", "must be a list of regions");
  const regions = at("regions", () => parseRegionList(rawRegions));

  const namePrefix = values["namePrefix"] ?? DEFAULT_NAME_PREFIX;
  if (typeof namePrefix !== "string" || !NAME_PREFIX.test(namePrefix)) {
    return fail("namePrefix", "must be 1 to 19 of a-z, 0-9 and hyphens, from a letter to a letter or digit");
  }
  const prefix = values["bucketPrefix"] ?? `${namePrefix}-staging-`;
  if (typeof prefix !== "string") return fail("bucketPrefix", "must be a string");
  const prefixKey =
    values["bucketPrefix"] === undefined && values["namePrefix"] !== undefined
      ? "namePrefix"
      : "bucketPrefix";
  const explicit = values["buckets"] ?? {};
  if (!isRecord(explicit)) return fail("buckets", "must map regions to bucket names");
  const isNamed = values["bucketPrefix"] !== undefined || namePrefix !== DEFAULT_NAME_PREFIX;
  const buckets = new Map<Region, string>();
  const bucketKeys = new Map<Region, string>();
  const unnamedBuckets = new Set<Region>();
  for (const region of regions) {
    const own = explicit[region];
    const bucket = own ?? `${prefix}${region}`;
    const key = own !== undefined ? "buckets" : prefixKey;
    if (typeof bucket !== "string" || !isBucketName(bucket)) {
      return fail(
        key,
        `gives "${String(bucket)}" for ${region}, which cannot name a bucket (3 to 63 of a-z, 0-9, hyphen, dot)`,
      );
    }
    if ([...buckets.values()].includes(bucket)) return fail(key, `gives ${bucket} to two regions`);
    buckets.set(region, bucket);
    bucketKeys.set(region, `spawn:${key}`);
    if (own === undefined && !isNamed) unnamedBuckets.add(region);
  }
  for (const text of Object.keys(explicit)) {
    const region = at("buckets", () => parseRegion(text));
    if (!buckets.has(region)) return fail("buckets", `names ${region}, which spawn:regions does not`);
  }
  const givenAdopted = values["adopt"] ?? [];
  const rawAdopted =
    typeof givenAdopted === "string"
      ? at("adopt", () => listOf(givenAdopted)).map((text) => text.trim())
      : givenAdopted;
  if (!isStringArray(rawAdopted)) return fail("adopt", "must be a list of regions");
  const adopted = new Set(rawAdopted.map((text) => at("adopt", () => parseRegion(text))));
  for (const region of adopted) {
    if (!buckets.has(region)) return fail("adopt", `names ${region}, which spawn:regions does not`);
  }
  const givenReaders = values["readers"] ?? [];
  const rawReaders = typeof givenReaders === "string" ? givenReaders.split(",") : givenReaders;
  if (!isStringArray(rawReaders))
    return fail("readers", 'must be a list of account IDs in quotes, such as ["123456789012"]');
  const readers = at("readers", () => parseReaders(rawReaders));
  const table = (key: TableKey): string => {
    const value = values[key] ?? defaultTableName({ namePrefix, name }, key);
    if (typeof value !== "string" || !TABLE_NAME.test(value))
      return fail(key, "must be 3 to 255 of letters, digits, . _ -");
    return value;
  };
  const recordsTable = table("recordsTable");
  const usageTable = table("usageTable");
  const sweepsTable = table("sweepsTable");
  if (recordsTable === usageTable)
    return fail("usageTable", "must not be the same table as spawn:recordsTable");
  for (const [other, key] of [
    [recordsTable, "recordsTable"],
    [usageTable, "usageTable"],
  ] as const) {
    if (sweepsTable === other) return fail("sweepsTable", `must not be the same table as spawn:${key}`);
  }
  const rawTableRegion = values["tableRegion"] ?? regions[0];
  if (typeof rawTableRegion !== "string") return fail("tableRegion", "must be a region");
  const tableRegion = at("tableRegion", () => parseRegion(rawTableRegion));
  const tableKey = (key: TableKey): string =>
    values[key] === undefined && values["namePrefix"] !== undefined ? "spawn:namePrefix" : `spawn:${key}`;
  const keys = {
    buckets: bucketKeys,
    unnamedBuckets,
    tableRegion: values["tableRegion"] === undefined ? "spawn:regions" : "spawn:tableRegion",
    recordsTable: tableKey("recordsTable"),
    usageTable: tableKey("usageTable"),
    sweepsTable: tableKey("sweepsTable"),
  };
  return {
    ...{ name, cloud, regions, namePrefix, buckets, adopted, readers, keys },
    ...{ tableRegion, recordsTable, usageTable, sweepsTable },
    ...(account === undefined ? {} : { account }),
    ...(workersBoundary === undefined ? {} : { workersBoundary }),
  };
}

/** The part of each table's default name between the prefix and the environment. */
const TABLE_WORDS: Readonly<Record<TableKey, string>> = {
  recordsTable: "staging",
  usageTable: "usage",
  sweepsTable: "sweeps",
};

/** The default name of a table. */
export const defaultTableName = (
  { namePrefix, name }: Pick<EnvironmentSettings, "namePrefix" | "name">,
  key: TableKey,
): string => `${namePrefix}-${TABLE_WORDS[key]}-${name}`;

/** The bucket of `region`. @throws InputError if the environment has none there, with a fix */
export function bucketOf(settings: EnvironmentSettings, region: Region): string {
  const bucket = settings.buckets.get(region);
  if (bucket === undefined) {
    throw new InputError(`environment ${settings.name} has no bucket in ${region}`, {
      why: `It has one in ${settings.regions.join(", ")}.`,
      fix: `Add ${region} to spawn:regions in Pulumi.${settings.name}.yaml, then run: spawn environment up --environment ${settings.name}`,
    });
  }
  return bucket;
}

/** The name of the role's own policy. */
export const REPLICATION_POLICY_NAME = "replicate";

/** The name of the IAM role for S3 replication. */
export const replicationRoleName = ({
  namePrefix,
  name,
}: Pick<EnvironmentSettings, "namePrefix" | "name">): string => `${namePrefix}-replication-${name}`;
