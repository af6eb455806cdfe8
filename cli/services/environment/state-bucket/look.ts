import { HeadBucketCommand, ListObjectVersionsCommand, type S3Client } from "@aws-sdk/client-s3";
import { headersOf, statusOf } from "../../../../connection/errors/failure.ts";
import { isDenied, isNotFound } from "../../../../connection/errors/kinds.ts";
import { isOfOtherAccount } from "../../../../provider/survey/bucket.ts";
import { ENVIRONMENT_TAG } from "../../../../staging/environment.ts";
import { InputError, UserError } from "../../../../staging/errors.ts";
import { foreignBucket } from "../../../../staging/ownership/account.ts";
import { shellQuoted } from "../../../../staging/shell.ts";
import {
  STATE_TAG,
  STATE_TAG_VALUE,
  type StatePlace,
  stateUrlOfBucket,
} from "../../../../staging/state-bucket.ts";
import { commandLine } from "../../../command-line.ts";
import { otherName, type StateOwner } from "./place.ts";
import { tagsOf } from "./settings.ts";

/**
 * Whether the bucket exists.
 * @throws InputError if it cannot hold the state: it is in another account or region, or has another use
 */
export async function isStateBucketThere(
  client: S3Client,
  place: StatePlace,
  owner: StateOwner,
): Promise<boolean> {
  const other = otherName(owner.settings.name);
  if (!(await exists(client, place, owner))) return false;
  const tags = await tagsOf(client, place.bucket);
  if (tags.get(STATE_TAG) === STATE_TAG_VALUE) return true;
  const environment = tags.get(ENVIRONMENT_TAG);
  if (environment !== undefined) {
    throw new InputError(`the bucket ${place.bucket} holds staged data of the environment ${environment}`, {
      why: `Its tag ${ENVIRONMENT_TAG} says so. The state of the stacks must not be among data that expire.`,
      fix: other,
    });
  }
  // An interrupted run has created it and has not tagged it.
  if (await isEmpty(client, place.bucket)) return true;
  throw new InputError(`the bucket ${place.bucket} is in use for something else`, {
    why: `It is not empty, and has no tag ${STATE_TAG}, which this command gives to the buckets that it creates.`,
    fix: `${other}. If it holds a state of Pulumi already, use it as it is: ${commandLine(`spawn config set backend.url ${shellQuoted(stateUrlOfBucket(place))}`, owner.settings.name)}`,
  });
}

async function exists(client: S3Client, place: StatePlace, owner: StateOwner): Promise<boolean> {
  const other = otherName(owner.settings.name);
  const { bucket, region } = place;
  try {
    const { BucketRegion = region } = await client.send(new HeadBucketCommand({ Bucket: bucket }));
    if (BucketRegion !== region) throw elsewhere(place, BucketRegion, owner);
    return true;
  } catch (error) {
    if (error instanceof InputError) throw error;
    if (isNotFound(error)) return false;
    const told = headersOf(error)["x-amz-bucket-region"];
    if (statusOf(error) === 301 || (told !== undefined && told !== region))
      throw elsewhere(place, told, owner);
    if (!isDenied(error)) throw error;
    if (await isOfOtherAccount(bucket, client, {})) {
      const named = "Its owner could read and change the state of your stacks.";
      throw foreignBucket(bucket, region, owner.account, { named, fix: other });
    }
    throw new UserError(`the bucket ${bucket} cannot be looked at`, {
      why: "Access was denied: the credentials may not look at it, or it belongs to another account.",
      fix: `Use credentials with the permissions of an operator (${commandLine("spawn environment policy operator", owner.settings.name)}), or ${other}.`,
      cause: error,
    });
  }
}

const elsewhere = (
  { bucket, region }: StatePlace,
  found: string | undefined,
  { settings }: StateOwner,
): InputError =>
  new InputError(`the bucket ${bucket} is not in ${region}`, {
    why: `It is in ${found ?? "another region"}.`,
    fix:
      found === undefined
        ? otherName(settings.name)
        : commandLine(
            `spawn environment bootstrap --bucket ${shellQuoted(bucket)} --region ${shellQuoted(found)}`,
            settings.name,
          ),
  });

async function isEmpty(client: S3Client, Bucket: string): Promise<boolean> {
  const { Versions = [], DeleteMarkers = [] } = await client.send(
    new ListObjectVersionsCommand({ Bucket, MaxKeys: 1 }),
  );
  return Versions.length + DeleteMarkers.length === 0;
}
