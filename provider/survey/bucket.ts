import {
  GetBucketTaggingCommand,
  HeadBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
} from "@aws-sdk/client-s3";
import { headersOf, statusOf } from "../../connection/errors/failure.ts";
import { isDenied, isNotFound } from "../../connection/errors/kinds.ts";
import { ownerOfTags } from "../../staging/ownership/names.ts";
import type { BucketFact, Owner, SurveyRequest } from "../../staging/resources/environment-facts.ts";
import { EVERYTHING, ServerCapabilities } from "../rules/capabilities.ts";
import { readLifecycle } from "../rules/lifecycle.ts";
import { readReplication } from "../rules/replication.ts";
import { versioningOf } from "../rules/versioning.ts";
import { NEVER } from "../store/operations.ts";
import type { SdkClient } from "../store/sdk-client.ts";
import { withOwnerFlags } from "../store/sdk-client.ts";
import { undefinedIfAbsent } from "./absent.ts";
import { lackingLifecycle, lackingReplication } from "./rules.ts";

type Options = { readonly abortSignal?: AbortSignal };
type RequestedBucket = SurveyRequest["buckets"][number];

/** Whether the bucket exists, its owner, and, if requested, whether it holds data and which settings it lacks. */
export async function surveyBucket(
  requested: RequestedBucket,
  client: SdkClient,
  options: Options,
  /** The environment's other buckets, the destinations of its replication rules. */
  others: readonly RequestedBucket[] = [],
): Promise<BucketFact> {
  const { region, name } = requested;
  const [state, owner, lacks, inUse] = await Promise.all([
    stateOf(requested, client, options),
    ownerOfBucket(name, client, options),
    requested.settings ? missingSettings(name, others, client, options) : undefined,
    requested.data ? holdsData(name, client, options) : undefined,
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
  { region, name }: RequestedBucket,
  client: SdkClient,
  options: Options,
): Promise<BucketFact["state"]> {
  try {
    const { BucketRegion } = await client.send(new HeadBucketCommand({ Bucket: name }), options);
    return BucketRegion !== undefined && BucketRegion !== region ? "elsewhere" : "there";
  } catch (error) {
    if (isNotFound(error)) return "none";
    const actualRegion = headersOf(error)["x-amz-bucket-region"];
    if (statusOf(error) === 301 || (actualRegion !== undefined && actualRegion !== region))
      return "elsewhere";
    if (!isDenied(error)) throw error;
    return (await isOfOtherAccount(name, client, options)) ? "foreign" : "denied";
  }
}

/**
 * Whether another account owns a bucket that denied access: then S3 denies only the request with the expected owner. Also false if the
 * credentials cannot read the bucket at all.
 */
export async function isOfOtherAccount(
  Bucket: string,
  client: SdkClient,
  options: Options,
): Promise<boolean> {
  const head = new HeadBucketCommand({ Bucket });
  if (await isRefused(client.send(head, options))) {
    return !(await isRefused(
      client.send(withOwnerFlags(new HeadBucketCommand({ Bucket }), { toAnyOwner: true }), options),
    ));
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

/** The owner of the bucket; unknown without permission to read its tags. */
async function ownerOfBucket(Bucket: string, client: SdkClient, options: Options): Promise<Owner> {
  const owner = await readOwner(Bucket, client, options);
  return owner === "denied" ? {} : owner;
}

/** The environment in the bucket's tags; "denied" without permission to read them. */
export async function readOwner(
  Bucket: string,
  client: SdkClient,
  options: Options,
): Promise<Owner | "denied"> {
  const response = await undefinedIfAbsent(client.send(new GetBucketTaggingCommand({ Bucket }), options));
  if (response === "denied") return response;
  return ownerOfTags(
    Object.fromEntries((response?.TagSet ?? []).map(({ Key = "", Value = "" }) => [Key, Value])),
  );
}

/** The names of missing settings that uploads, replication or expiration need. */
async function missingSettings(
  Bucket: string,
  others: readonly RequestedBucket[],
  client: SdkClient,
  options: Options,
): Promise<string[]> {
  const target = { client, bucket: Bucket, signal: options.abortSignal ?? NEVER };
  const capabilities = await undefinedIfAbsent(new ServerCapabilities().of(target));
  const can = capabilities === undefined || capabilities === "denied" ? EVERYTHING : capabilities;
  // Skip settings that the server does not support.
  const ifSupported = <T>(isSupported: boolean, request: () => Promise<T>) =>
    isSupported ? undefinedIfAbsent(request()) : Promise.resolve("denied" as const);
  const [versioning, lifecycle, replication] = await Promise.all([
    undefinedIfAbsent(versioningOf(target)),
    ifSupported(can.lifecycleRules, () => readLifecycle(target)),
    ifSupported(can.replicationRules, () => readReplication(target)),
  ]);
  return [
    ...(versioning !== "denied" && versioning !== "Enabled" ? ["versioning"] : []),
    ...(lifecycle === "denied" ? [] : lackingLifecycle(lifecycle?.Rules)),
    ...(replication === "denied" ? [] : lackingReplication(replication?.Rules, others)),
  ];
}

/** Whether the bucket has any version, delete marker or multipart upload, also of objects outside of entries. */
async function holdsData(Bucket: string, client: SdkClient, options: Options): Promise<boolean> {
  const [versions, uploads] = await Promise.all([
    undefinedIfAbsent(client.send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 1 }), options)),
    undefinedIfAbsent(client.send(new ListMultipartUploadsCommand({ Bucket, MaxUploads: 1 }), options)),
  ]);
  // Without permission to list, assume that the bucket has data.
  if (versions === "denied" || uploads === "denied") return true;
  return [versions?.Versions, versions?.DeleteMarkers, uploads?.Uploads].some(
    (found) => (found?.length ?? 0) > 0,
  );
}
