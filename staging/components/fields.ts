import { parseAccountId } from "../accounts.ts";
import { parseBucketName, parseEnvironmentName } from "../environment.ts";
import { parseRegion } from "../regions.ts";
import { choice, integer, list, object, string, strings } from "../schema/fields.ts";
import { refusedBy } from "../schema/resource.ts";

/** Fields that several components declare. */

export const isRegion = { problem: refusedBy(parseRegion) } as const;
export const regionName = string(isRegion);
export const accountId = string({ problem: refusedBy(parseAccountId) });

const name = {
  description: "The environment's name, part of the default names of its tables.",
  problem: refusedBy(parseEnvironmentName),
} as const;

/** The keys `spawn:…` of an environment, without entries. */
export const environmentFields = {
  name: string(name),
  cloud: choice(["aws", "local"], {
    description: "`local` for the local cloud. Default: `aws`.",
  }),
  account: string({
    description:
      "The AWS account that the environment must be in. Default: the account of the credentials in use.",
    problem: refusedBy(parseAccountId),
  }),
  regions: list(regionName, {
    description: "The regions with a bucket. The first is the default primary region of entries.",
    required: true,
    min: 1,
  }),
  namePrefix: string({ description: "Prefix of all default names. Default: `spawn`." }),
  bucketPrefix: string({ description: "Prefix of the buckets' names. Default: `<namePrefix>-staging-`." }),
  buckets: strings({
    description: "Names of buckets by region. Default: `<bucketPrefix><region>`.",
    problem: refusedBy((buckets: Record<string, string>) =>
      Object.values(buckets).map((bucket) => parseBucketName(bucket)),
    ),
  }),
  adopt: list(regionName, { description: "Regions whose bucket you created. Default: none." }),
  readers: list(accountId, {
    description: "Other accounts that may read shared entries by the buckets' names. Default: none.",
  }),
  tableRegion: string({
    description: "The region of the tables. Default: the first region.",
    ...isRegion,
  }),
  recordsTable: string({ description: "The table of records. Default: `<namePrefix>-staging-<name>`." }),
  usageTable: string({ description: "The table of usage rows. Default: `<namePrefix>-usage-<name>`." }),
  sweepsTable: string({ description: "The table of sweeps. Default: `<namePrefix>-sweeps-<name>`." }),
  workersBoundary: string({
    description: "The ARN of the permissions boundary of the workers' roles. Default: no limit.",
  }),
};

/** An environment as an argument: the output `environment` of a StagingEnvironment, or the keys of an existing one. */
export const environment = object(
  {
    ...environmentFields,
    name: string({ ...name, required: true }),
    writableAt: strings({
      description: "The time from which each region's bucket is writable (ISO 8601, UTC). Default: now.",
    }),
  },
  {
    name: "Environment",
    description: "An environment: its regions and all names that its entries need.",
    required: true,
  },
);

/** The copies of a staged dataset that workers download. */
export const dataset = object(
  {
    stagingId: string({ description: "The entry's ID.", required: true }),
    kind: choice(["file", "directory"], { description: "What was staged.", required: true }),
    filename: string({ description: "The name of the file or directory.", required: true }),
    sizeBytes: integer({ description: "Bytes of all files.", required: true, wide: true }),
    manifestSha256: string({ description: "The SHA-256 of the manifest in lower-case hex.", required: true }),
    destination: string({ description: "The absolute path on the instances.", required: true }),
    buckets: strings({ description: "The bucket of each region.", required: true }),
  },
  { name: "StagedDataset", description: "A staged dataset that workers download.", required: true },
);
