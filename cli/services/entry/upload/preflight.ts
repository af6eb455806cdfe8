import { DescribeTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  GetBucketLifecycleConfigurationCommand,
  HeadBucketCommand,
  type LifecycleRule,
  type S3Client,
} from "@aws-sdk/client-s3";
import {
  HOUSEKEEPING_RULE_ID,
  LIFECYCLE_CLASSES,
  replicaTags,
  replicateTag,
} from "../../../../staging/classes.ts";
import { type EarlyEnd, earlyEnd } from "../../../../staging/early-end.ts";
import type { EntrySpec } from "../../../../staging/entry.ts";
import { bucketOf, type EnvironmentSettings } from "../../../../staging/environment.ts";
import { InputError } from "../../../../staging/errors.ts";
import {
  type DefaultRetention,
  describeRetention,
  retentionDays,
  withoutRetention,
} from "../../../../staging/object-lock.ts";
import { bucketReaders, readersTagOf } from "../../../../staging/readers.ts";
import type { Region, RegionList } from "../../../../staging/regions.ts";
import { serverClock } from "../../../../staging/server-clock.ts";
import { MAX_TTL_DAYS } from "../../../../staging/ttl.ts";
import { commandLine } from "../../../command-line.ts";
import type { Context } from "../../../context.ts";
import type { SessionSource } from "../../../engine/session.ts";
import { explainMissing } from "../../environment/account.ts";
import { requireWhole } from "../../environment/ownership.ts";

interface PreflightClients {
  readonly dynamodb: DynamoDBClient;
  s3(region: Region): Promise<S3Client>;
}

/**
 * Checks that the environment exists.
 * @throws InputError if it is not up, or has no bucket in one of the regions; it names the command
 * @throws UserError if the credentials may not use one of the buckets
 */
export async function checkEnvironmentIsUp(
  settings: EnvironmentSettings,
  regions: RegionList,
  clients: PreflightClients,
): Promise<void> {
  const buckets = regions.map((region) => [region, bucketOf(settings, region)] as const);
  const fix = commandLine("spawn environment up", settings.name);
  const table = clients.dynamodb
    .send(new DescribeTableCommand({ TableName: settings.recordsTable }))
    .catch((error: Error) => {
      if (error.name !== "ResourceNotFoundException") throw error;
      throw new InputError(`environment ${settings.name} is not up yet`, {
        why: `There is no table ${settings.recordsTable}.`,
        fix,
      });
    });
  const heads = buckets.map(async ([region, bucket]) => {
    const client = await clients.s3(region);
    await client.send(new HeadBucketCommand({ Bucket: bucket })).catch(async (error: Error) => {
      if (error.name !== "NotFound" && error.name !== "NoSuchBucket") {
        const { explainDenial } = await import("../../../../provider/store/explain.ts");
        const what = region === regions[0] ? "upload" : "replication";
        throw explainDenial(error, { what, region, bucket }) ?? error;
      }
      throw new InputError(`environment ${settings.name} has no bucket in ${region} yet`, {
        why: `The bucket ${bucket} is configured but does not exist.`,
        fix: settings.adopted.has(region)
          ? `Create the bucket: aws s3 mb s3://${bucket} --region ${region}, then: ${fix}`
          : fix,
      });
    });
  });
  // The table first: if nothing exists, "not up yet" is clearer than a missing bucket.
  const [tableResult, ...bucketResults] = await Promise.allSettled([table, ...heads]);
  for (const result of [tableResult, ...bucketResults]) {
    if (result?.status === "rejected") throw result.reason;
  }
}

/** The known properties of an entry that decide whether a rule ends it early. */
interface Measured {
  /** Total bytes. @default any size */
  readonly sizeBytes?: number;
  /** @default 1 */
  readonly fileCount?: number;
  /** @default now */
  readonly uploadedAt?: Date;
}

/**
 * Checks that the rules and the retention of adopted buckets keep an entry for exactly its TTL. It costs two requests for each
 * adopted bucket.
 * @throws InputError that names the rule, the bucket and the fixes
 */
export async function checkLifetimes(
  settings: EnvironmentSettings,
  spec: EntrySpec,
  measured: Measured,
  clients: Pick<PreflightClients, "s3">,
): Promise<void> {
  const { sizeBytes, fileCount = 1, uploadedAt = serverClock.now() } = measured;
  const byRule = spec.replication === "rule" ? spec.regions.slice(1) : [];
  const entry = {
    id: spec.id,
    ttl: spec.ttl,
    tags: {
      ...replicaTags(spec.id, spec.ttl, readersTagOf(bucketReaders(spec.allowAccounts, settings.readers))),
      ...Object.fromEntries(byRule.map((region) => [replicateTag(region), "true"])),
    },
    uploadedAt,
    maxSizeBytes: sizeBytes === undefined ? undefined : sizeBytes + fileCount * MANIFEST_LINE_BYTES,
  };
  const adopted = spec.regions.filter((region) => settings.adopted.has(region));
  if (adopted.length === 0) return;
  const { lockConfigurationOf } = await import("../../../../provider/store/object-lock.ts");
  const found = await Promise.all(
    adopted.map(async (region) => {
      const bucket = bucketOf(settings, region);
      const client = await clients.s3(region);
      const [rules, locking] = await Promise.all([
        usersRules(client, bucket),
        lockConfigurationOf(client, bucket),
      ]);
      const { retention } = locking ?? {};
      if (retention !== undefined && retentionDays(retention) > spec.ttl)
        throw keptLonger(retention, bucket, region, spec);
      const end = earlyEnd(rules, entry);
      return end && { end, region, bucket };
    }),
  );
  const worst = found.filter((one) => one !== undefined).sort((a, b) => a.end.days - b.end.days)[0];
  if (worst !== undefined) throw endsEarly(worst.end, worst.bucket, worst.region, spec);
}

/** Maximum bytes of a file's line in the manifest, which is an object of the entry, too. */
const MANIFEST_LINE_BYTES = 4_096;

const OURS: ReadonlySet<string> = new Set([HOUSEKEEPING_RULE_ID, ...LIFECYCLE_CLASSES.map(({ id }) => id)]);

async function usersRules(client: S3Client, bucket: string): Promise<LifecycleRule[]> {
  try {
    const { Rules = [] } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }));
    return Rules.filter(({ ID }) => ID === undefined || !OURS.has(ID));
  } catch (error) {
    const { name } = error as Error;
    // The bucket has no rules, or the server does not support them.
    if (name === "NoSuchLifecycleConfiguration" || name === "NotImplemented") return [];
    throw error;
  }
}

function keptLonger(
  retention: DefaultRetention,
  bucket: string,
  region: Region,
  { ttl }: EntrySpec,
): InputError {
  const days = retentionDays(retention);
  const change = withoutRetention(bucket, region);
  return new InputError(
    `your bucket ${bucket} in ${region} keeps every object for ${describeRetention(retention)}`,
    {
      why: `That is its default retention (S3 Object Lock), and the TTL is ${ttl} ${ttl === 1 ? "day" : "days"} (--ttl). S3 would keep the data until the retention ends, and charge for them.`,
      fix: days > MAX_TTL_DAYS ? change : `--ttl ${days}; or, in the bucket, ${change}`,
    },
  );
}

function endsEarly({ ruleId, end, days }: EarlyEnd, bucket: string, region: Region, { ttl }: EntrySpec) {
  const does = end === "expire" ? "would delete the data" : "would move the data to an archive";
  const when = days === 0 ? "at once" : `after ${days} ${days === 1 ? "day" : "days"}`;
  const change = `limit the rule to names of your own, or remove it: aws s3api get-bucket-lifecycle-configuration --bucket ${bucket} --region ${region}`;
  return new InputError(
    `the lifecycle rule ${ruleId} of your bucket ${bucket} in ${region} ${does} ${when}`,
    {
      why: `The TTL is ${ttl} days (--ttl), and S3 follows the earliest rule.`,
      fix: days === 0 ? `In the bucket, ${change}` : `--ttl ${days}; or, in the bucket, ${change}`,
    },
  );
}

/** @throws InputError if the environment lacks something that the entry needs, or a bucket would not keep it for its TTL */
export async function preflight(
  context: SessionSource & Pick<Context, "account" | "anyBucketsS3" | "dynamo" | "iam" | "s3">,
  spec: EntrySpec,
  measured: Measured,
): Promise<void> {
  const settings = await context.settings();
  const dynamodb = await context.dynamo();
  const clients = { dynamodb, s3: (region: Region) => context.s3(region) };
  // The error of an environment that is not up takes precedence over that of an incomplete one.
  const [isUp, isWhole] = await Promise.allSettled([
    checkEnvironmentIsUp(settings, spec.regions, clients),
    requireWhole(context, spec.regions),
  ]);
  for (const result of [isUp, isWhole]) {
    if (result.status === "rejected") throw await explainMissing(context, result.reason);
  }
  await checkLifetimes(settings, spec, measured, clients);
}
