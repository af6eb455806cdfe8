import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketReplicationCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  HeadBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { headersOf, statusOf } from "../../connection/errors/failure.ts";
import { isDenied, isNotFound } from "../../connection/errors/kinds.ts";
import {
  type BucketFact,
  type Owner,
  ownerOfTags,
  type SurveyRequest,
} from "../../staging/ownership/names.ts";
import { capabilitiesOf, EVERYTHING } from "../store/capabilities.ts";
import { ofAnyOwner } from "../store/expected-owner.ts";
import { unlessAbsent } from "./absent.ts";
import { lackingLifecycle, lackingReplication } from "./rules.ts";

type Options = { readonly abortSignal?: AbortSignal };
type Asked = SurveyRequest["buckets"][number];

/** Whether the bucket exists, its owner, and, if requested, whether it holds data and which settings it lacks. */
export async function lookAtBucket(
  asked: Asked,
  client: S3Client,
  options: Options,
  /** The other buckets that were asked for, to which it has to replicate. */
  others: readonly Asked[] = [],
): Promise<BucketFact> {
  const { region, name } = asked;
  const [state, owner, lacks, inUse] = await Promise.all([
    stateOf(asked, client, options),
    ownerOfBucket(name, client, options),
    asked.settings ? missingSettings(name, others, client, options) : undefined,
    asked.data ? holdsData(name, client, options) : undefined,
  ]);
  return {
    region,
    name,
    state,
    owner: state === "there" ? owner : {},
    ...(lacks === undefined || state !== "there" ? {} : { lacks }),
    ...(inUse === undefined ? {} : { inUse: state === "there" && inUse }),
  };
}

async function stateOf(
  { region, name }: Asked,
  client: S3Client,
  options: Options,
): Promise<BucketFact["state"]> {
  try {
    const { BucketRegion } = await client.send(new HeadBucketCommand({ Bucket: name }), options);
    return BucketRegion !== undefined && BucketRegion !== region ? "elsewhere" : "there";
  } catch (error) {
    if (isNotFound(error)) return "none";
    const told = headersOf(error)["x-amz-bucket-region"];
    if (statusOf(error) === 301 || (told !== undefined && told !== region)) return "elsewhere";
    if (!isDenied(error)) throw error;
    return (await isOfOtherAccount(name, client, options)) ? "foreign" : "denied";
  }
}

/**
 * Whether a bucket that was refused belongs to another account: then only the request that names the expected owner is
 * refused. False also where the credentials cannot read the bucket in any way.
 */
export async function isOfOtherAccount(Bucket: string, client: S3Client, options: Options): Promise<boolean> {
  const head = new HeadBucketCommand({ Bucket });
  if (await isRefused(client.send(head, options))) {
    return !(await isRefused(client.send(ofAnyOwner(new HeadBucketCommand({ Bucket })), options)));
  }
  return false;
}

async function isRefused(request: Promise<unknown>): Promise<boolean> {
  try {
    await request;
    return false;
  } catch (error) {
    if (isDenied(error)) return true;
    if (isNotFound(error) || statusOf(error) === 301) return false;
    throw error;
  }
}

/** The owner of the bucket, if the bucket exists. Unknown if the credentials may not read its tags. */
async function ownerOfBucket(Bucket: string, client: S3Client, options: Options): Promise<Owner> {
  const owner = await readOwner(Bucket, client, options);
  return owner === "denied" ? {} : owner;
}

/** The environment that the bucket's tags name, and "denied" where they may not be read. */
export async function readOwner(
  Bucket: string,
  client: S3Client,
  options: Options,
): Promise<Owner | "denied"> {
  const answer = await unlessAbsent(client.send(new GetBucketTaggingCommand({ Bucket }), options));
  if (answer === "denied") return answer;
  return ownerOfTags(
    Object.fromEntries((answer?.TagSet ?? []).map(({ Key = "", Value = "" }) => [Key, Value])),
  );
}

/** Names of the settings without which nothing can be staged there, or nothing would expire. */
async function missingSettings(
  Bucket: string,
  others: readonly Asked[],
  client: S3Client,
  options: Options,
): Promise<string[]> {
  const { abortSignal: signal = new AbortController().signal } = options;
  const capabilities = await unlessAbsent(capabilitiesOf({ client, bucket: Bucket, signal }));
  const can = capabilities === undefined || capabilities === "denied" ? EVERYTHING : capabilities;
  // What the server does not have is not missing in the bucket.
  const ifAble = <T>(isAble: boolean, ask: () => Promise<T>) =>
    isAble ? unlessAbsent(ask()) : Promise.resolve("denied" as const);
  const [versioning, lifecycle, replication] = await Promise.all([
    unlessAbsent(client.send(new GetBucketVersioningCommand({ Bucket }), options)),
    ifAble(can.lifecycleRules, () =>
      client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }), options),
    ),
    ifAble(can.replicationRules, () => client.send(new GetBucketReplicationCommand({ Bucket }), options)),
  ]);
  return [
    ...(versioning !== "denied" && versioning?.Status !== "Enabled" ? ["versioning"] : []),
    ...(lifecycle === "denied" ? [] : lackingLifecycle(lifecycle?.Rules)),
    ...(replication === "denied"
      ? []
      : lackingReplication(replication?.ReplicationConfiguration?.Rules, others)),
  ];
}

/** Whether the bucket has a version, a delete marker or an upload in progress, of an entry or of anything else. */
async function holdsData(Bucket: string, client: S3Client, options: Options): Promise<boolean> {
  const [versions, uploads] = await Promise.all([
    unlessAbsent(client.send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 1 }), options)),
    unlessAbsent(client.send(new ListMultipartUploadsCommand({ Bucket, MaxUploads: 1 }), options)),
  ]);
  // A bucket that cannot be listed counts as one with data.
  if (versions === "denied" || uploads === "denied") return true;
  return [versions?.Versions, versions?.DeleteMarkers, uploads?.Uploads].some(
    (found) => (found?.length ?? 0) > 0,
  );
}
