// Written by node scripts/schemas.ts from staging/components/; do not edit.
import { ComponentResource, type ComponentResourceOptions, type Input, type Output } from "@pulumi/pulumi";

/** A staged dataset that workers download. */
export interface StagedDataset {
  /** The entry's ID. */
  readonly stagingId: string;
  /** What was staged. */
  readonly kind: "file" | "directory";
  /** The name of the file or directory. */
  readonly filename: string;
  /** Bytes of all files. */
  readonly sizeBytes: number;
  /** The SHA-256 of the manifest in lower-case hex. */
  readonly manifestSha256: string;
  /** The absolute path on the instances. */
  readonly destination: string;
  /** The bucket of each region. */
  readonly buckets: Readonly<Record<string, string>>;
}

/** An environment: its regions and all names that its entries need. */
export interface EnvironmentArgs {
  /** The environment's name, part of the default names of its tables. */
  readonly name: Input<string>;
  /** `local` for the local cloud. Default: `aws`. */
  readonly cloud?: Input<"aws" | "local"> | undefined;
  /** The AWS account that the environment must be in. Default: the account of the credentials in use. */
  readonly account?: Input<string> | undefined;
  /** The regions with a bucket. The first is the default primary region of entries. */
  readonly regions: Input<readonly Input<string>[]>;
  /** Prefix of all default names. Default: `spawn`. */
  readonly namePrefix?: Input<string> | undefined;
  /** Prefix of the buckets' names. Default: `<namePrefix>-staging-`. */
  readonly bucketPrefix?: Input<string> | undefined;
  /** Names of buckets by region. Default: `<bucketPrefix><region>`. */
  readonly buckets?: Input<Readonly<Record<string, Input<string>>>> | undefined;
  /** Regions whose bucket you created. Default: none. */
  readonly adopt?: Input<readonly Input<string>[]> | undefined;
  /** Other accounts that may read shared entries by the buckets' names. Default: none. */
  readonly readers?: Input<readonly Input<string>[]> | undefined;
  /** The region of the tables. Default: the first region. */
  readonly tableRegion?: Input<string> | undefined;
  /** The table of records. Default: `<namePrefix>-staging-<name>`. */
  readonly recordsTable?: Input<string> | undefined;
  /** The table of usage rows. Default: `<namePrefix>-usage-<name>`. */
  readonly usageTable?: Input<string> | undefined;
  /** The table of sweeps. Default: `<namePrefix>-sweeps-<name>`. */
  readonly sweepsTable?: Input<string> | undefined;
  /** The ARN of the permissions boundary of the workers' roles. Default: no limit. */
  readonly workersBoundary?: Input<string> | undefined;
  /** The time from which each region's bucket is writable (ISO 8601, UTC). Default: now. */
  readonly writableAt?: Input<Readonly<Record<string, Input<string>>>> | undefined;
}

/** An environment: its regions and all names that its entries need. */
export interface Environment {
  /** The environment's name, part of the default names of its tables. */
  readonly name: string;
  /** `local` for the local cloud. Default: `aws`. */
  readonly cloud?: "aws" | "local" | undefined;
  /** The AWS account that the environment must be in. Default: the account of the credentials in use. */
  readonly account?: string | undefined;
  /** The regions with a bucket. The first is the default primary region of entries. */
  readonly regions: readonly (string)[];
  /** Prefix of all default names. Default: `spawn`. */
  readonly namePrefix?: string | undefined;
  /** Prefix of the buckets' names. Default: `<namePrefix>-staging-`. */
  readonly bucketPrefix?: string | undefined;
  /** Names of buckets by region. Default: `<bucketPrefix><region>`. */
  readonly buckets?: Readonly<Record<string, string>> | undefined;
  /** Regions whose bucket you created. Default: none. */
  readonly adopt?: readonly (string)[] | undefined;
  /** Other accounts that may read shared entries by the buckets' names. Default: none. */
  readonly readers?: readonly (string)[] | undefined;
  /** The region of the tables. Default: the first region. */
  readonly tableRegion?: string | undefined;
  /** The table of records. Default: `<namePrefix>-staging-<name>`. */
  readonly recordsTable?: string | undefined;
  /** The table of usage rows. Default: `<namePrefix>-usage-<name>`. */
  readonly usageTable?: string | undefined;
  /** The table of sweeps. Default: `<namePrefix>-sweeps-<name>`. */
  readonly sweepsTable?: string | undefined;
  /** The ARN of the permissions boundary of the workers' roles. Default: no limit. */
  readonly workersBoundary?: string | undefined;
  /** The time from which each region's bucket is writable (ISO 8601, UTC). Default: now. */
  readonly writableAt?: Readonly<Record<string, string>> | undefined;
}

/** A region of a sweep. */
export interface SweepRegionArgs {
  /** The region. */
  readonly region: Input<string>;
  /** Subnets of the workers. Default: those of the default VPC. */
  readonly subnets?: Input<readonly Input<string>[]> | undefined;
}

/** A staged dataset that workers download. */
export interface StagedDatasetArgs {
  /** The entry's ID. */
  readonly stagingId: Input<string>;
  /** What was staged. */
  readonly kind: Input<"file" | "directory">;
  /** The name of the file or directory. */
  readonly filename: Input<string>;
  /** Bytes of all files. */
  readonly sizeBytes: Input<number>;
  /** The SHA-256 of the manifest in lower-case hex. */
  readonly manifestSha256: Input<string>;
  /** The absolute path on the instances. */
  readonly destination: Input<string>;
  /** The bucket of each region. */
  readonly buckets: Input<Readonly<Record<string, Input<string>>>>;
}

/** Arguments of {@link StagingEntry}. */
export interface StagingEntryArgs {
  /** An environment: its regions and all names that its entries need. */
  readonly environment: Input<EnvironmentArgs>;
  /** What to stage: a path on the machine that runs the update, relative to the program's folder or absolute, or an `s3://` URL. Outside of the program's folder, the absolute path identifies the entry. */
  readonly source: Input<string>;
  /** The name of the staged data. Default: the source's own name. */
  readonly filename?: Input<string> | undefined;
  /** Patterns of files to leave out of a directory, in the syntax of .gitignore. */
  readonly exclude?: Input<readonly Input<string>[]> | undefined;
  /** Stages the targets of a directory's links in place of the links. */
  readonly followLinks?: Input<boolean> | undefined;
  /** For an S3 source: skips the SHA-256 if spawn would have to read the data to compute it. */
  readonly noSha256?: Input<boolean> | undefined;
  /** For an S3 source: accepts the charges for reading a Requester Pays bucket. */
  readonly requestPayer?: Input<boolean> | undefined;
  /** Maximum bytes per second that this machine sends, such as `50MB/s`. Default: no limit. */
  readonly bandwidthLimit?: Input<string> | undefined;
  /** The regions of the data; the upload goes to the first one. Default: all regions of the environment. */
  readonly regions?: Input<readonly Input<string>[]> | undefined;
  /** The path on the instances. Default: `/mnt/data/<filename>`. */
  readonly dest?: Input<string> | undefined;
  /** Days from the upload to the expiry, 1 to 90. @default 7 */
  readonly ttl?: Input<number> | undefined;
  /** The label of the sweep that the entry belongs to. */
  readonly sweep?: Input<string> | undefined;
  /** `rule`: S3 replicates by the buckets' rules. `copy`: spawn copies. @default "rule" */
  readonly replication?: Input<"rule" | "copy"> | undefined;
  /** Other AWS accounts that may read the entry. */
  readonly allowAccounts?: Input<readonly Input<string>[]> | undefined;
}

/** A dataset: uploaded to its primary region, replicated to the other regions, verified and recorded. Another source or primary region makes another entry. */
export class StagingEntry extends ComponentResource {
  /** The entry's ID: `stage-` and 12 hexadecimal digits. */
  declare readonly stagingId: Output<string>;
  /** Bytes of all files. */
  declare readonly sizeBytes: Output<number>;
  /** Number of files. */
  declare readonly fileCount: Output<number>;
  /** The path on the instances. */
  declare readonly destination: Output<string>;
  /** The `s3://` URL in each region. */
  declare readonly uris: Output<Readonly<Record<string, string>>>;
  /** When the entry expires (ISO 8601, UTC). */
  declare readonly expiresAt: Output<string>;
  /** A staged dataset that workers download. */
  declare readonly dataset: Output<StagedDataset>;

  /**
   * @param name unique in the program; part of the URN
   * @param options `protect`, `aliases`, `dependsOn`, `providers` (the AWS provider) and `transforms` apply to all resources of the component
   * @throws Error if the options have `transformations`, which cannot reach them
   */
  constructor(name: string, args: StagingEntryArgs, options?: ComponentResourceOptions) {
    super("staging:index:StagingEntry", name, { stagingId: undefined, sizeBytes: undefined, fileCount: undefined, destination: undefined, uris: undefined, expiresAt: undefined, dataset: undefined, ...args }, checked(options), true);
  }
}

/** Arguments of {@link StagingEnvironment}. */
export interface StagingEnvironmentArgs {
  /** The environment's name, part of the default names of its tables. */
  readonly name?: Input<string> | undefined;
  /** `local` for the local cloud. Default: `aws`. */
  readonly cloud?: Input<"aws" | "local"> | undefined;
  /** The AWS account that the environment must be in. Default: the account of the credentials in use. */
  readonly account?: Input<string> | undefined;
  /** The regions with a bucket. The first is the default primary region of entries. */
  readonly regions: Input<readonly Input<string>[]>;
  /** Prefix of all default names. Default: `spawn`. */
  readonly namePrefix?: Input<string> | undefined;
  /** Prefix of the buckets' names. Default: `<namePrefix>-staging-`. */
  readonly bucketPrefix?: Input<string> | undefined;
  /** Names of buckets by region. Default: `<bucketPrefix><region>`. */
  readonly buckets?: Input<Readonly<Record<string, Input<string>>>> | undefined;
  /** Regions whose bucket you created. Default: none. */
  readonly adopt?: Input<readonly Input<string>[]> | undefined;
  /** Other accounts that may read shared entries by the buckets' names. Default: none. */
  readonly readers?: Input<readonly Input<string>[]> | undefined;
  /** The region of the tables. Default: the first region. */
  readonly tableRegion?: Input<string> | undefined;
  /** The table of records. Default: `<namePrefix>-staging-<name>`. */
  readonly recordsTable?: Input<string> | undefined;
  /** The table of usage rows. Default: `<namePrefix>-usage-<name>`. */
  readonly usageTable?: Input<string> | undefined;
  /** The table of sweeps. Default: `<namePrefix>-sweeps-<name>`. */
  readonly sweepsTable?: Input<string> | undefined;
  /** The ARN of the permissions boundary of the workers' roles. Default: no limit. */
  readonly workersBoundary?: Input<string> | undefined;
}

/** The resources that staging entries share: a bucket in each region with lifecycle and replication rules, the replication role, and the tables. */
export class StagingEnvironment extends ComponentResource {
  /** An environment: its regions and all names that its entries need. */
  declare readonly environment: Output<Environment>;
  /** The AWS account of the environment. */
  declare readonly accountId: Output<string>;
  /** The time from which each region's bucket is writable (ISO 8601, UTC). */
  declare readonly writableAt: Output<Readonly<Record<string, string>>>;
  /** The ARN of the replication role, if there are several regions. */
  declare readonly replicationRole: Output<string | undefined>;

  /**
   * @param name unique in the program; part of the URN
   * @param options `protect`, `aliases`, `dependsOn`, `providers` (the AWS provider) and `transforms` apply to all resources of the component
   * @throws Error if the options have `transformations`, which cannot reach them
   */
  constructor(name: string, args: StagingEnvironmentArgs, options?: ComponentResourceOptions) {
    super("staging:index:StagingEnvironment", name, { environment: undefined, accountId: undefined, writableAt: undefined, replicationRole: undefined, ...args }, checked(options), true);
  }
}

/** Arguments of {@link Sweep}. */
export interface SweepArgs {
  /** An environment: its regions and all names that its entries need. */
  readonly environment: Input<EnvironmentArgs>;
  /** The sweep's name. Default: the name of the component. */
  readonly name?: Input<string> | undefined;
  /** The script that runs for each index, with SWEEP_INDEX from 0. Do not write secrets in it: the sweeps table stores it. */
  readonly command: Input<string>;
  /** Number of indices. */
  readonly count: Input<number>;
  /** The regions, which get even shares of the indices in their order. */
  readonly regions: Input<readonly Input<SweepRegionArgs>[]>;
  /** Staged data that each worker downloads first: the outputs `dataset` of entries. */
  readonly datasets?: Input<readonly Input<StagedDatasetArgs>[]> | undefined;
  /** Equivalent EC2 instance types of one architecture. Default: m5.xlarge. */
  readonly instanceTypes?: Input<readonly Input<string>[]> | undefined;
  /** Runs on spot instances. @default false */
  readonly spot?: Input<boolean> | undefined;
  /** Concurrent workers in all regions together. Default: one per index. */
  readonly maxConcurrent?: Input<number> | undefined;
  /** GiB of the workers' root volume. Default: the data × 1.1 + 16 GiB. */
  readonly diskGib?: Input<number> | undefined;
  /** Retries of an index after its instance was interrupted. @default 3 */
  readonly retriesInterrupted?: Input<number> | undefined;
  /** Retries of an index after its command failed. @default 0 */
  readonly retriesError?: Input<number> | undefined;
  /** Time limit of the command of an index. Default: until the deadline. */
  readonly timeoutSeconds?: Input<number> | undefined;
  /** Seconds from the start to the end of all workers. @default 86400 */
  readonly deadlineSeconds?: Input<number> | undefined;
  /** An `s3://` prefix for the files that the command writes into RESULTS_DIR. */
  readonly results?: Input<string> | undefined;
  /** Actions such as `s3:GetObject` that workers may do on all resources. */
  readonly iamActions?: Input<readonly Input<string>[]> | undefined;
  /** ARNs of managed policies of the workers' role. */
  readonly managedPolicies?: Input<readonly Input<string>[]> | undefined;
  /** 0 at first. A higher one runs all failed and cancelled indices again. @default 0 */
  readonly generation?: Input<number> | undefined;
}

/** A command that runs for many indices on workers in several regions. Creation starts it, deletion ends it. It does not change after its launch. */
export class Sweep extends ComponentResource {
  /** The sweep's ID: `sweep-` and 12 hexadecimal digits. */
  declare readonly sweepId: Output<string>;
  /** The Auto Scaling group of each region. */
  declare readonly groups: Output<Readonly<Record<string, string>>>;
  /** When the workers started (ISO 8601, UTC). */
  declare readonly startedAt: Output<string>;
  /** When all workers end (ISO 8601, UTC). */
  declare readonly deadlineAt: Output<string>;

  /**
   * @param name unique in the program; part of the URN
   * @param options `protect`, `aliases`, `dependsOn`, `providers` (the AWS provider) and `transforms` apply to all resources of the component
   * @throws Error if the options have `transformations`, which cannot reach them
   */
  constructor(name: string, args: SweepArgs, options?: ComponentResourceOptions) {
    super("staging:index:Sweep", name, { sweepId: undefined, groups: undefined, startedAt: undefined, deadlineAt: undefined, ...args }, checked(options), true);
  }
}

/** The plugin declares the resources, so a function that runs only in the program cannot change them. */
function checked(options: ComponentResourceOptions | undefined): ComponentResourceOptions | undefined {
  if ((options?.transformations ?? []).length === 0) return options;
  throw new Error("transformations do not reach the resources of a component that a plugin declares: use transforms");
}
