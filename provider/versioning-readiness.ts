import { GetBucketVersioningCommand } from "@aws-sdk/client-s3";
import { isNoSuchBucket } from "../connection/errors/kinds.ts";
import { InputError, UserError } from "../staging/errors.ts";
import type {
  VersioningReadinessInputs,
  VersioningReadinessOutputs,
} from "../staging/resources/versioning-readiness.ts";
import { versioningReadinessResource } from "../staging/resources/versioning-readiness.ts";
import { isoSeconds } from "../staging/ttl.ts";
import type { Dependencies } from "./deps.ts";
import { declaredResource } from "./plugin/declared.ts";
import type { ResourceHandler } from "./plugin/types.ts";
import { refuseWithEntries } from "./rules/entries.ts";
import { explainAwsError, explained } from "./store/explain.ts";
import { withRetry } from "./store/retry.ts";

/** S3 does not report the bucket's versioning as enabled (yet). */
class NotVersioned extends Error {
  override readonly name = "NotVersioned";
}

/**
 * Records when a bucket with newly enabled versioning becomes writable. It has no counterpart in AWS. It depends on all other resources
 * of its environment, so it is deleted first, and its deletion refuses to destroy a bucket in use.
 */
export function versioningReadiness(
  deps: Dependencies,
): ResourceHandler<VersioningReadinessInputs, VersioningReadinessOutputs> {
  return declaredResource(versioningReadinessResource, {
    async create(inputs, { signal }) {
      const { region, bucket, waitSeconds } = inputs;
      await requireVersioning(deps, region, bucket, signal);
      const writableAt = isoSeconds(new Date(deps.now().getTime() + waitSeconds * 1000));
      return { id: `${region}/${bucket}`, outputs: { ...inputs, writableAt } };
    },

    // An update does not enable versioning again, so the wait stays.
    async update(_id, oldOutputs, news) {
      return { ...oldOutputs, ...news };
    },

    // A recreated bucket needs a new wait.
    async read(id, inputs, outputs, { signal }) {
      if (inputs === undefined || outputs === undefined) {
        throw new InputError(`${id} cannot be imported`, {
          why: "When versioning was enabled is not recorded in S3.",
          fix: (_spell, command) => command("spawn environment up"),
        });
      }
      const exists = await explained(`reading the versioning of ${inputs.bucket}`, () =>
        deps.s3
          .of(inputs.region)
          .send(new GetBucketVersioningCommand({ Bucket: inputs.bucket }), { abortSignal: signal })
          .then(
            () => true,
            (error: unknown) => {
              if (isNoSuchBucket(error)) return false;
              throw error;
            },
          ),
      );
      return exists ? { id, inputs, outputs } : undefined;
    },

    async delete(_id, { region, bucket }, { signal }) {
      await explained(`looking for staged data in the bucket ${bucket}`, () =>
        refuseWithEntries({ store: deps.s3.store(region), bucket, signal }, region),
      );
    },
  });
}

async function requireVersioning(
  deps: Dependencies,
  region: string,
  bucket: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await withRetry(
      async () => {
        const command = new GetBucketVersioningCommand({ Bucket: bucket });
        const { Status } = await deps.s3.of(region).send(command, { abortSignal: signal });
        if (Status !== "Enabled") throw new NotVersioned();
      },
      {
        signal,
        ...deps.spreading,
        retryable: (error) => error instanceof NotVersioned || isNoSuchBucket(error),
      },
    );
  } catch (error) {
    if (!(error instanceof NotVersioned)) throw explainAwsError(error, `reading the versioning of ${bucket}`);
    throw new UserError(`versioning of the bucket ${bucket} is not enabled`, {
      why: "Replication and safe deletion need it.",
      fix: `aws s3api put-bucket-versioning --bucket ${bucket} --versioning-configuration Status=Enabled --region ${region}`,
    });
  }
}
