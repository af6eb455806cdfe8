import type { AccountId } from "./accounts.ts";
import { InputError } from "./errors.ts";
import type { Region, RegionList } from "./regions.ts";

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
interface NameKeys {
  readonly buckets: ReadonlyMap<Region, string>;
  /** Regions whose bucket has the default name, the same for every user. */
  readonly unnamedBuckets: ReadonlySet<Region>;
  readonly tableRegion: string;
  readonly recordsTable: string;
  readonly usageTable: string;
  readonly sweepsTable: string;
}

/** Keys that name a table. */
export type TableKey = "recordsTable" | "usageTable" | "sweepsTable";

/** Tag of an environment's resources. Unlike object tags it can be a cost allocation tag. */
export const ENVIRONMENT_TAG = "spawn:environment";

const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** The default of `spawn:namePrefix`. */
export const DEFAULT_NAME_PREFIX = "spawn";

const ENVIRONMENT_NAME = /^[a-z][a-z0-9-]{0,31}$/;

/**
 * Whether `text` is a valid bucket name.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
export const isBucketName = (text: string): boolean => BUCKET_NAME.test(text) && !text.includes("..");

/** @throws InputError if `text` is not a valid bucket name */
export function parseBucketName(text: string): string {
  if (!isBucketName(text)) {
    throw new InputError(`"${text}" cannot name a bucket`, {
      why: "A name has 3 to 63 lower-case letters, digits, hyphens and dots, and begins and ends with a letter or digit.",
    });
  }
  return text;
}

/** The name of the file with the settings of an environment, in the project folder. */
export const settingsFileName = (environment: string): string => `Pulumi.${environment}.yaml`;

/** @throws InputError if `text` is not a lower-case word that can name a stack: letters, digits, hyphens, no dot */
export function parseEnvironmentName(text: string): string {
  if (!ENVIRONMENT_NAME.test(text)) {
    throw new InputError(`"${text}" is not the name of an environment`, {
      why: "It is a lower-case word of letters, digits and hyphens, such as dev: the name of a Pulumi.<environment>.yaml.",
    });
  }
  return text;
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
