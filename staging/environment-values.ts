import * as v from "valibot";
import { ACCOUNT_SHAPE, parseAccountId } from "./accounts.ts";
import { decodeMapping, described, matching, type Problem, parsed } from "./decode.ts";
import {
  DEFAULT_NAME_PREFIX,
  defaultTableName,
  type EnvironmentSettings,
  isBucketName,
  settingsFileName,
  type TableKey,
} from "./environment.ts";
import { omitUndefined } from "./omit.ts";
import { MAX_READERS, parseReaders } from "./readers.ts";
import {
  listOf,
  parseRegion,
  parseRegionList,
  REGIONS as REGION_CODES,
  REGIONS_SHAPE,
  type Region,
} from "./regions.ts";
import { type SettingProblem, SettingsError } from "./settings-error.ts";
import { isRecord } from "./type-guards.ts";

const items = (message: string) => v.union([v.string(), v.array(v.string())], message);
const REGIONS = items("must be a list of regions");
const table = (content: string) =>
  v.optional(
    described(
      matching(/^[a-zA-Z0-9_.-]{3,255}$/, "must be 3 to 255 of letters, digits, . _ -"),
      `The DynamoDB table of ${content}. Fixed once it exists.`,
    ),
  );

/** The values of an environment, by key without the prefix `spawn:`. */
export const ENVIRONMENT_VALUES = {
  cloud: v.optional(
    described(
      v.picklist(["local", "aws"], 'must be "local" or "aws"'),
      "local: the AWS emulator on this machine; aws: an AWS account.",
    ),
    "aws",
  ),
  account: v.optional(
    parsed(
      described(
        v.string('must be 12 digits in quotes, such as "123456789012"'),
        "The AWS account of the environment. Default: the account of the credentials in use.",
        ACCOUNT_SHAPE,
      ),
      parseAccountId,
    ),
  ),
  regions: parsed(
    described(
      REGIONS,
      "Regions that have a staging bucket. An entry without regions of its own is uploaded to the first one.",
      REGIONS_SHAPE,
    ),
    parseRegionList,
  ),
  // IAM allows 64 characters for the role's name; `-replication-` and the environment take 45.
  namePrefix: v.optional(
    described(
      matching(
        /^[a-z]([a-z0-9-]{0,17}[a-z0-9])?$/,
        "must be 1 to 19 of a-z, 0-9 and hyphens, from a letter to a letter or digit",
      ),
      `Prefix of the names that must be unique in an AWS account. Default: ${DEFAULT_NAME_PREFIX}`,
    ),
  ),
  bucketPrefix: v.optional(
    described(
      v.string("must be a string"),
      "The name of a bucket is this prefix and the region's code. Default: <namePrefix>-staging-",
    ),
  ),
  buckets: v.optional(
    parsed(
      described(
        v.custom<Readonly<Record<string, unknown>>>(isRecord, "must map regions to bucket names"),
        "Bucket names that differ from the prefix, by region.",
        { type: "object", propertyNames: { enum: REGION_CODES }, additionalProperties: { type: "string" } },
      ),
      (names) => new Map(Object.entries(names).map(([region, bucket]) => [parseRegion(region), bucket])),
    ),
    {},
  ),
  adopt: v.optional(
    parsed(
      described(REGIONS, "Regions with a bucket that you created. spawn never empties or deletes it.", {
        anyOf: [{ type: "array", items: { enum: REGION_CODES } }, { type: "string" }],
      }),
      (value) => {
        const texts = typeof value === "string" ? listOf(value).map((text) => text.trim()) : value;
        return new Set(texts.map(parseRegion));
      },
    ),
    [],
  ),
  readers: v.optional(
    parsed(
      described(
        items('must be a list of account IDs in quotes, such as ["123456789012"]'),
        "Other AWS accounts, in quotes, that may read entries shared with them by the bucket's name.",
        { anyOf: [{ type: "array", items: ACCOUNT_SHAPE, maxItems: MAX_READERS }, { type: "string" }] },
      ),
      (value) => parseReaders(typeof value === "string" ? value.split(",") : value),
    ),
    [],
  ),
  tableRegion: v.optional(
    parsed(
      described(
        v.string("must be a region"),
        "Region of the DynamoDB tables. Fixed once the tables exist. Default: the first of spawn:regions",
        { enum: REGION_CODES },
      ),
      parseRegion,
    ),
  ),
  recordsTable: table("records"),
  usageTable: table("usage rows"),
  sweepsTable: table("sweeps"),
  /** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns */
  workersBoundary: v.optional(
    described(
      matching(
        /^arn:aws[a-z-]*:iam::\d{12}:policy\/[\w+=,.@/-]{1,640}$/,
        "must be the ARN of an IAM policy, such as arn:aws:iam::123456789012:policy/spawn-workers",
      ),
      "ARN of an IAM policy: the permissions boundary of the workers' roles.",
    ),
  ),
  /** For `parseDeclaredEntries`. */
  entries: v.optional(
    described(
      v.unknown(),
      "Staging entries that are declared in Git and created by an update of the environment.",
    ),
  ),
};
type Values = v.InferOutput<v.ObjectSchema<typeof ENVIRONMENT_VALUES, undefined>>;
type Key = keyof Values;

/** Keys in the namespace `spawn`, without the prefix. */
export const ENVIRONMENT_KEYS = Object.keys(ENVIRONMENT_VALUES) as Key[];

/**
 * Parses the values under `spawn:` of one environment.
 * @param values the keys without their `spawn:` prefix
 * @param file named in errors
 * @throws SettingsError with all problems, each with its key
 */
export function parseEnvironmentSettings(
  name: string,
  values: Readonly<Record<string, unknown>>,
  file = settingsFileName(name),
): EnvironmentSettings {
  const problemOf = ({ path, message, why, keys = [path], isUnknownKey }: Problem): SettingProblem => ({
    ...{ path: keys, text: `spawn:${path} ${message}`, why, isUnknownKey },
    fix: `Edit spawn:${path.split(/[.[]/)[0]} in ${file}.`,
  });
  const refusal = (path: string, message: string): SettingsError =>
    new SettingsError(file, [problemOf({ path, message })]);
  const result = decodeMapping(ENVIRONMENT_VALUES, values);
  if ("problems" in result) throw new SettingsError(file, result.problems.map(problemOf));
  const decoded = result.output;
  const { cloud, account, regions, adopt: adopted, readers, workersBoundary } = decoded;
  const { namePrefix = DEFAULT_NAME_PREFIX, tableRegion = regions[0] } = decoded;
  const tableOf = (key: TableKey): string => decoded[key] ?? defaultTableName({ namePrefix, name }, key);
  const settings = {
    ...{ name, cloud, regions, namePrefix, adopted, readers, tableRegion },
    recordsTable: tableOf("recordsTable"),
    usageTable: tableOf("usageTable"),
    sweepsTable: tableOf("sweepsTable"),
    ...omitUndefined({ account, workersBoundary }),
  };
  const { buckets, keys: bucketKeys, unnamedBuckets } = bucketsOf(decoded, refusal);
  const outside = [...adopted].find((region) => !buckets.has(region));
  if (outside !== undefined) throw refusal("adopt", `names ${outside}, which spawn:regions does not`);
  for (const [key, other] of [
    ["usageTable", "recordsTable"],
    ["sweepsTable", "recordsTable"],
    ["sweepsTable", "usageTable"],
  ] as const) {
    if (settings[key] === settings[other]) throw refusal(key, `must not be the same table as spawn:${other}`);
  }
  const tableKey = (key: TableKey): string =>
    decoded[key] === undefined && decoded.namePrefix !== undefined ? "spawn:namePrefix" : `spawn:${key}`;
  const keys = {
    ...{ buckets: bucketKeys, unnamedBuckets },
    tableRegion: decoded.tableRegion === undefined ? "spawn:regions" : "spawn:tableRegion",
    recordsTable: tableKey("recordsTable"),
    usageTable: tableKey("usageTable"),
    sweepsTable: tableKey("sweepsTable"),
  };
  return { ...settings, buckets, keys };
}

/** The bucket of each region, the key that names it, and the regions whose bucket has the default name. */
function bucketsOf(
  { regions, buckets: named, bucketPrefix, namePrefix }: Values,
  refusal: (key: Key, message: string) => Error,
) {
  const prefix = bucketPrefix ?? `${namePrefix ?? DEFAULT_NAME_PREFIX}-staging-`;
  const prefixKey = bucketPrefix === undefined && namePrefix !== undefined ? "namePrefix" : "bucketPrefix";
  const isDefault = bucketPrefix === undefined && (namePrefix ?? DEFAULT_NAME_PREFIX) === DEFAULT_NAME_PREFIX;
  const buckets = new Map<Region, string>();
  const keys = new Map<Region, string>();
  for (const region of regions) {
    const bucket = named.get(region) ?? `${prefix}${region}`;
    const key = named.has(region) ? "buckets" : prefixKey;
    if (typeof bucket !== "string" || !isBucketName(bucket)) {
      throw refusal(
        key,
        `gives "${String(bucket)}" for ${region}, which cannot name a bucket (3 to 63 of a-z, 0-9, hyphen, dot)`,
      );
    }
    if ([...buckets.values()].includes(bucket)) throw refusal(key, `gives ${bucket} to two regions`);
    buckets.set(region, bucket);
    keys.set(region, `spawn:${key}`);
  }
  const outside = [...named.keys()].find((region) => !buckets.has(region));
  if (outside !== undefined) throw refusal("buckets", `names ${outside}, which spawn:regions does not`);
  const unnamedBuckets = new Set(regions.filter((region) => isDefault && !named.has(region)));
  return { buckets, keys, unnamedBuckets };
}
