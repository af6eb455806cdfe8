import { isAccessPointArn } from "../access-point.ts";
import type { AccountId } from "../accounts.ts";
import type { EnvironmentSettings } from "../environment.ts";
import { InputError } from "../errors.ts";
import { entryPrefix } from "../manifest.ts";
import { allow, MAX_CHARACTERS, type Statement } from "../policies/document.ts";
import { counterCondition } from "../policies/usage.ts";
import { parseS3Url } from "../s3-url.ts";
import { formatInteger } from "../units.ts";
import { type CopyPlace, copiesToRead } from "./copies.ts";
import { logPrefix, sweepResourceName } from "./names.ts";
import type { SweepDataset, SweepSpec } from "./spec.ts";
import { logPlaces } from "./worker-facts.ts";

/** The resources of a sweep that its workers' role may use. */
type PolicySpec = Pick<SweepSpec, "id" | "regions" | "datasets" | "results" | "iamActions">;

/**
 * The policy of a sweep's workers: read the sweep's data, claim its indices, count its downloads, write its logs and
 * results, leave its groups, and the permissions that the user added. No access to other sweeps, and no EC2
 * permissions.
 * @param account the sweep's own: that of the environment
 * @throws InputError if the policy exceeds IAM's limit, or the environment has no bucket in a region
 */
export function workerPolicy(spec: PolicySpec, environment: EnvironmentSettings, account: AccountId): string {
  const text = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      ...dataStatements(spec, account),
      ...tableStatements(spec, environment, account),
      logStatement(spec, environment, account),
      ...resultStatements(spec),
      leaveStatement(spec, environment, account),
      ...userStatements(spec),
    ],
  });
  if (text.length <= MAX_CHARACTERS.inline) return text;
  throw new InputError(
    `the policy of the workers has ${formatInteger(text.length)} characters; IAM allows ${formatInteger(MAX_CHARACTERS.inline)}`,
    {
      why: `It names each of ${spec.datasets.length} datasets in ${spec.regions.length} regions.`,
      fix: "Stage the datasets as one directory, or start a sweep for each part of them.",
    },
  );
}

/** A bucket name does not identify its owner: another account can create a deleted bucket again. */
const ownedBy = (account: AccountId) => ({ StringEquals: { "aws:ResourceAccount": account } });

/** Permissions on the data of each account that staged some. */
function dataStatements({ datasets, regions }: PolicySpec, own: AccountId): Statement[] {
  const accounts = [...new Set(datasets.map(({ account }) => account ?? own))];
  return accounts.flatMap((account) => {
    const theirs = datasets.filter((dataset) => (dataset.account ?? own) === account);
    const suffix = account === own ? "" : `Of${account}`;
    const objects = theirs.flatMap((dataset) =>
      copiesToRead(dataset, regions).map((copy) => objectsArn(copy, dataset, account)),
    );
    return [
      allow(`ReadData${suffix}`, "s3:GetObject", unique(objects), ownedBy(account)),
      ...listStatement(theirs, regions, account, suffix),
    ];
  });
}

/** `aws s3 sync` lists a directory. A file is read by its name. */
function listStatement(
  datasets: readonly SweepDataset[],
  regions: PolicySpec["regions"],
  account: AccountId,
  suffix: string,
): Statement[] {
  const directories = datasets.filter(({ kind }) => kind === "directory");
  if (directories.length === 0) return [];
  const places = directories.flatMap((dataset) =>
    copiesToRead(dataset, regions).map((copy) => placeArn(copy, account)),
  );
  const prefixes = directories.map(({ stagingId }) => `${entryPrefix(stagingId)}*`);
  return [
    allow(`ListData${suffix}`, "s3:ListBucket", unique(places), {
      ...ownedBy(account),
      StringLike: { "s3:prefix": unique(prefixes) },
    }),
  ];
}

/**
 * A bucket, or for an access point alias, all access points of that account and region: an alias does not reveal the
 * name, and policies do not support aliases.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-naming.html
 */
function placeArn({ region, bucket }: CopyPlace, account: AccountId): string {
  if (isAccessPointArn(bucket)) return bucket;
  return isAccessPointAlias(bucket)
    ? `arn:aws:s3:${region}:${account}:accesspoint/*`
    : `arn:aws:s3:::${bucket}`;
}

const objectsArn = (copy: CopyPlace, { stagingId }: SweepDataset, account: AccountId): string => {
  const isBucket = !isAccessPointAlias(copy.bucket) && !isAccessPointArn(copy.bucket);
  const objects = isBucket ? "/" : "/object/";
  return `${placeArn(copy, account)}${objects}${entryPrefix(stagingId)}*`;
};

const isAccessPointAlias = (bucket: string): boolean => bucket.endsWith("-s3alias");

/**
 * Permissions on items: all of this sweep, and the counters of its own account's datasets.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 */
function tableStatements(
  { id, regions, datasets }: PolicySpec,
  { tableRegion, sweepsTable, usageTable }: EnvironmentSettings,
  account: AccountId,
): Statement[] {
  const arnOf = (table: string) => `arn:aws:dynamodb:${tableRegion}:${account}:table/${table}`;
  const counted = unique(
    datasets.filter((dataset) => (dataset.account ?? account) === account).map(({ stagingId }) => stagingId),
  );
  const items = allow(
    "ClaimIndices",
    ["GetItem", "Query", "UpdateItem"].map((action) => `dynamodb:${action}`),
    arnOf(sweepsTable),
    { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": [id] } },
  );
  if (counted.length === 0) return [items];
  const counting = regions.map(({ region }) => region);
  const counters = allow(
    "CountDownloads",
    "dynamodb:UpdateItem",
    arnOf(usageTable),
    counterCondition(counting, counted),
  );
  return [items, counters];
}

function logStatement(spec: PolicySpec, environment: EnvironmentSettings, account: AccountId): Statement {
  const objects = logPlaces(spec, environment).map(
    ({ bucket }) => `arn:aws:s3:::${bucket}/${logPrefix(spec.id)}*`,
  );
  return allow("WriteLogs", ["s3:PutObject", "s3:PutObjectTagging"], objects, ownedBy(account));
}

/** The user chooses the bucket, which may belong to another account. */
function resultStatements({ results }: PolicySpec): Statement[] {
  if (results === undefined) return [];
  const { bucket, key: prefix } = parseS3Url(results);
  const objects = `arn:aws:s3:::${bucket}/${literal(prefix)}*`;
  return [allow("WriteResults", ["s3:PutObject", "s3:AbortMultipartUpload"], objects)];
}

/** A user's prefix may contain wildcards and variables of policies. */
const literal = (text: string): string => text.replace(/[*?$]/g, (character) => `\${${character}}`);

/** An instance terminates itself and decrements the group. */
function leaveStatement({ id, regions }: PolicySpec, environment: EnvironmentSettings, account: AccountId) {
  const name = sweepResourceName(environment, id);
  return allow(
    "LeaveGroup",
    "autoscaling:TerminateInstanceInAutoScalingGroup",
    regions.map(
      ({ region }) =>
        `arn:aws:autoscaling:${region}:${account}:autoScalingGroup:*:autoScalingGroupName/${name}`,
    ),
  );
}

function userStatements({ iamActions }: PolicySpec): Statement[] {
  return iamActions.length === 0 ? [] : [allow("UserActions", unique(iamActions), "*")];
}

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];
