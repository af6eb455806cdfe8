import { PutBucketVersioningCommand } from "@aws-sdk/client-s3";
import { undefinedIf } from "../connection/errors/failure.ts";
import { isNotFound } from "../connection/errors/kinds.ts";
import { UserError } from "../staging/errors.ts";
import type { BucketAdoptionInputs, BucketAdoptionOutputs } from "../staging/resources/bucket-adoption.ts";
import { bucketAdoptionResource } from "../staging/resources/bucket-adoption.ts";
import { isoSeconds } from "../staging/ttl.ts";
import { requireBucket } from "./adoption/identity.ts";
import { requireSettings } from "./adoption/settings.ts";
import { type Dependencies, targetIn } from "./deps.ts";
import { partialFailure } from "./partial.ts";
import { BY_ENVIRONMENT, declaredResource } from "./plugin/declared.ts";
import type { CallContext, ResourceHandler } from "./plugin/types.ts";
import type { Target } from "./rules/configuration.ts";
import { isPropagating } from "./rules/spreading.ts";
import { isVersioned, versioningOf } from "./rules/versioning.ts";
import { explained } from "./store/explain.ts";
import { withRetry } from "./store/retry.ts";

/**
 * A bucket that the user created. It is checked before any change. Versioning is enabled, because replication needs it. The bucket
 * is never created, emptied or deleted, and its versioning is never suspended.
 */
export function bucketAdoption(
  deps: Dependencies,
): ResourceHandler<BucketAdoptionInputs, BucketAdoptionOutputs> {
  const idOf = ({ region, bucket }: BucketAdoptionInputs): string => `${region}/${bucket}`;

  const writableAt = (waitSeconds: number): string =>
    isoSeconds(new Date(deps.now().getTime() + waitSeconds * 1000));

  /**
   * @returns whether versioning was off before
   * @throws PartialFailure once versioning may be on: the next run finds it enabled and needs the recorded wait
   */
  async function enableVersioning(inputs: BucketAdoptionInputs, context: CallContext): Promise<boolean> {
    const target = targetIn(deps, inputs, context);
    const { bucket, region } = inputs;
    const status = await explained(`reading the versioning of ${bucket}`, () => versioningOf(target));
    if (status === "Enabled") return false;
    try {
      await turnOn(target, deps);
    } catch (error) {
      const partialOutputs = { ...inputs, writableAt: writableAt(inputs.waitSeconds) };
      throw partialFailure(
        idOf(inputs),
        partialOutputs,
        error,
        `enabling the versioning of ${bucket}`,
        context.signal,
      );
    }
    context.log("info", `Versioning of your bucket ${bucket} in ${region} was off and is on from now on.`);
    return true;
  }

  return declaredResource(bucketAdoptionResource, {
    notImported: { why: "When versioning was enabled is not recorded in S3.", fix: BY_ENVIRONMENT },

    async create(inputs, context) {
      const target = targetIn(deps, inputs, context);
      await requireBucket(target, inputs.region, deps.spreading);
      await requireSettings(target, inputs.region, deps.spreading, context);
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
      const versioning = await explained(`reading the versioning of ${inputs.bucket}`, () =>
        undefinedIf(isNotFound, versioningOf(targetIn(deps, inputs, context))),
      );
      if (versioning === undefined) return undefined;
      return { id, inputs: { ...inputs, versioning }, outputs: { ...outputs, versioning } };
    },

    // The bucket belongs to the user, and suspended versioning would make existing versions unreachable.
    async delete() {},
  });
}

async function turnOn(target: Target, deps: Dependencies): Promise<void> {
  const { client, bucket, signal } = target;
  const command = new PutBucketVersioningCommand({
    Bucket: bucket,
    VersioningConfiguration: { Status: "Enabled" },
  });
  await withRetry(() => client.send(command, { abortSignal: signal }), {
    signal,
    ...deps.spreading,
    retryable: isPropagating,
  });
  if (await isVersioned(target, deps.spreading)) return;
  throw new UserError(`versioning of the bucket ${bucket} was enabled and does not show as enabled`, {
    why: "Replication and safe deletion need it.",
    fix: "The same command again, in a minute.",
  });
}
