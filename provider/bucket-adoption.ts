import {
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  HeadBucketCommand,
  PutBucketVersioningCommand,
} from "@aws-sdk/client-s3";
import { ENVIRONMENT_TAG } from "../staging/environment.ts";
import { InputError, UserError } from "../staging/errors.ts";
import { describeRetention, refuseLongRetention } from "../staging/object-lock.ts";
import { parseRegion } from "../staging/regions.ts";
import type { BucketAdoptionInputs, BucketAdoptionOutputs } from "../staging/resources.ts";
import { isoSeconds } from "../staging/ttl.ts";
import { changedOf, checkInputs } from "./checks.ts";
import type { Dependencies } from "./deps.ts";
import { partialFailure } from "./partial.ts";
import type { CallContext, ResourceHandler } from "./plugin/types.ts";
import type { Target } from "./rules/configuration.ts";
import { isOfOtherAccount } from "./survey/bucket.ts";
import { errorName, explained, headersOf, isNotFound, statusOf } from "./transfer/aws-errors.ts";
import { isDenied } from "./transfer/aws-failure.ts";
import { lockConfigurationOf } from "./transfer/object-lock.ts";
import { withRetry } from "./transfer/retry.ts";

const ENABLED = "Enabled";

/** The bucket's versioning does not show as enabled (yet). */
class NotVersioned extends Error {
  override readonly name = "NotVersioned";
}

/**
 * A bucket that the user made. It is looked at before anything is changed, and versioned where it was not, which
 * replication needs. It is never made, emptied or deleted, and its versioning is never suspended.
 */
export function bucketAdoption(
  deps: Dependencies,
): ResourceHandler<BucketAdoptionInputs, BucketAdoptionOutputs> {
  const targetOf = ({ region, bucket }: BucketAdoptionInputs, { signal }: CallContext): Target => ({
    client: deps.s3.of(region),
    bucket,
    signal,
  });

  const idOf = ({ region, bucket }: BucketAdoptionInputs): string => `${region}/${bucket}`;

  const writableAt = (waitSeconds: number): string =>
    isoSeconds(new Date(deps.now().getTime() + waitSeconds * 1000));

  /**
   * @returns whether it was not enabled before
   * @throws PartialFailure once it may be enabled: who looks again finds it enabled, and the wait has to be known then
   */
  async function enableVersioning(inputs: BucketAdoptionInputs, context: CallContext): Promise<boolean> {
    const target = targetOf(inputs, context);
    const { bucket, region } = inputs;
    const status = await explained(`reading the versioning of ${bucket}`, () => versioningOf(target));
    if (status === ENABLED) return false;
    try {
      await turnOn(target, deps);
    } catch (error) {
      const begun = { ...inputs, writableAt: writableAt(inputs.waitSeconds) };
      throw partialFailure(
        idOf(inputs),
        begun,
        error,
        `enabling the versioning of ${bucket}`,
        context.signal,
      );
    }
    context.log("info", `Versioning of your bucket ${bucket} in ${region} was off and is on from now on.`);
    return true;
  }

  return {
    computed: ["writableAt"],

    async check(news) {
      return checkInputs<BucketAdoptionInputs>(news, { region: parseRegion });
    },

    diff(_id, oldInputs, _oldOutputs, news) {
      return {
        replaces: changedOf(oldInputs, news, ["region", "bucket"]),
        updates: changedOf(oldInputs, news, ["versioning", "waitSeconds"]),
      };
    },

    async create(inputs, context) {
      await requireBucket(targetOf(inputs, context), inputs.region);
      await requireDeletable(targetOf(inputs, context), inputs.region, context);
      const wasOff = await enableVersioning(inputs, context);
      return {
        id: idOf(inputs),
        outputs: { ...inputs, writableAt: writableAt(wasOff ? inputs.waitSeconds : 0) },
      };
    },

    async update(_id, oldOutputs, news, context) {
      const wasOff = await enableVersioning(news, context);
      return {
        ...news,
        writableAt: wasOff ? writableAt(news.waitSeconds) : oldOutputs.writableAt,
      };
    },

    async read(id, inputs, outputs, context) {
      if (inputs === undefined || outputs === undefined) {
        throw new InputError(`${id} cannot be imported`, {
          why: "When versioning was enabled is not recorded in S3.",
          fix: "spawn environment up",
        });
      }
      const versioning = await explained(`reading the versioning of ${inputs.bucket}`, async () => {
        try {
          return (await versioningOf(targetOf(inputs, context))) ?? "Disabled";
        } catch (error) {
          if (isNotFound(error)) return undefined;
          throw error;
        }
      });
      if (versioning === undefined) return undefined;
      return { id, inputs: { ...inputs, versioning }, outputs: { ...outputs, versioning } };
    },

    // The bucket is the user's, and versions that are there would be out of reach with the versioning suspended.
    async delete() {},
  };
}

/** @throws UserError unless the bucket is there, in that region, readable, in the own account, and no other environment's */
async function requireBucket({ client, bucket, signal }: Target, region: string): Promise<void> {
  const options = { abortSignal: signal };
  const doing = `adopting the bucket ${bucket} in ${region}`;
  try {
    const { BucketRegion } = await client.send(new HeadBucketCommand({ Bucket: bucket }), options);
    if (BucketRegion !== undefined && BucketRegion !== region) throw elsewhere(bucket, region, BucketRegion);
  } catch (error) {
    if (isNotFound(error)) throw missing(bucket, region, error);
    if (statusOf(error) === 301)
      throw elsewhere(bucket, region, headersOf(error)["x-amz-bucket-region"], error);
    if (isDenied(error) && (await isOfOtherAccount(bucket, client, options)))
      throw foreign(bucket, region, error);
    await explained(doing, () => Promise.reject(error));
  }
  const owner = await explained(doing, async () => {
    try {
      const { TagSet = [] } = await client.send(new GetBucketTaggingCommand({ Bucket: bucket }), options);
      return TagSet.find(({ Key }) => Key === ENVIRONMENT_TAG)?.Value;
    } catch (error) {
      if (errorName(error) === "NoSuchTagSet") return undefined;
      throw error;
    }
  });
  if (owner !== undefined) throw managed(bucket, region, owner);
}

/**
 * Makes sure that expired objects in the bucket can be deleted, and reports that single objects can be locked.
 * @throws UserError for a default retention beyond the longest TTL, and where a deletion takes a second factor
 */
async function requireDeletable(
  { client, bucket, signal }: Target,
  region: string,
  context: CallContext,
): Promise<void> {
  const doing = `adopting the bucket ${bucket} in ${region}`;
  const [versioning, locking] = await explained(doing, () =>
    Promise.all([
      client.send(new GetBucketVersioningCommand({ Bucket: bucket }), { abortSignal: signal }),
      lockConfigurationOf(client, bucket, signal),
    ]),
  );
  if (versioning.MFADelete === "Enabled") {
    throw new UserError(`the bucket ${bucket} cannot be adopted: its objects are deleted by MFA only`, {
      why: "MFA delete is enabled for its versioning, so neither spawn stage delete nor a lifecycle rule can remove an entry.",
      fix: "Disable MFA delete with the account's root user, or adopt another bucket.",
    });
  }
  if (locking === undefined) return;
  const { retention } = locking;
  if (retention !== undefined) refuseLongRetention(bucket, region, retention);
  const kept =
    retention === undefined
      ? "What is under a legal hold or a retention cannot be deleted."
      : `No object can be deleted for ${describeRetention(retention)}, and no entry with a shorter TTL is staged in it.`;
  context.log("warning", `Your bucket ${bucket} in ${region} has S3 Object Lock. ${kept}`);
}

function missing(bucket: string, region: string, cause: unknown): UserError {
  return new UserError(`there is no bucket ${bucket}, which is to be adopted in ${region}`, {
    why: "A bucket of your own is never made by spawn.",
    fix: `aws s3 mb s3://${bucket} --region ${region}, or let spawn make it: remove ${region} from spawn:adopt.`,
    cause,
  });
}

function elsewhere(bucket: string, region: string, actual: string | undefined, cause?: unknown): UserError {
  return new UserError(`the bucket ${bucket} is not in ${region}`, {
    why: actual === undefined ? "It is in another region." : `It is in ${actual}.`,
    fix: `Use it as the bucket of ${actual ?? "its own region"}, or make another one: aws s3 mb s3://NAME --region ${region}`,
    cause,
  });
}

function foreign(bucket: string, region: string, cause: unknown): UserError {
  return new UserError(`the bucket ${bucket} cannot be adopted: it belongs to another account`, {
    why: "Names of buckets are global in AWS. Its owner could read what is staged there, change it, or delete it.",
    fix: `Set spawn:buckets in Pulumi.<environment>.yaml to a bucket of your account in ${region}. To see its buckets: aws s3 ls`,
    cause,
  });
}

/** Its stack would take away its rules and then try to delete it. */
function managed(bucket: string, region: string, environment: string): UserError {
  return new UserError(`the bucket ${bucket} cannot be adopted: environment ${environment} made it`, {
    why: `It has the tag ${ENVIRONMENT_TAG}=${environment}, and who made a bucket deletes it.`,
    fix: `Remove ${region} from spawn:adopt, or adopt another bucket.`,
  });
}

async function versioningOf({ client, bucket, signal }: Target): Promise<string | undefined> {
  const command = new GetBucketVersioningCommand({ Bucket: bucket });
  return (await client.send(command, { abortSignal: signal })).Status;
}

async function turnOn(target: Target, deps: Dependencies): Promise<void> {
  const { client, bucket, signal } = target;
  const command = new PutBucketVersioningCommand({
    Bucket: bucket,
    VersioningConfiguration: { Status: ENABLED },
  });
  await client.send(command, { abortSignal: signal });
  try {
    await withRetry(
      async () => {
        if ((await versioningOf(target)) !== ENABLED) throw new NotVersioned();
      },
      { signal, ...deps.settling, retryable: (error) => error instanceof NotVersioned },
    );
  } catch (error) {
    if (!(error instanceof NotVersioned)) throw error;
    throw new UserError(`versioning of the bucket ${bucket} was enabled and does not show as enabled`, {
      why: "Replication and safe deletion need it.",
      fix: "The same command again, in a minute.",
      cause: error,
    });
  }
}
