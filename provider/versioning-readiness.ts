import { undefinedIf } from "../connection/errors/failure.ts";
import { isNoSuchBucket } from "../connection/errors/kinds.ts";
import { UserError } from "../staging/errors.ts";
import type {
  VersioningReadinessInputs,
  VersioningReadinessOutputs,
} from "../staging/resources/versioning-readiness.ts";
import { versioningReadinessResource } from "../staging/resources/versioning-readiness.ts";
import { isoSeconds } from "../staging/ttl.ts";
import { type Dependencies, targetIn } from "./deps.ts";
import { BY_ENVIRONMENT, declaredResource } from "./plugin/declared.ts";
import type { ResourceHandler } from "./plugin/types.ts";
import { refuseWithEntries } from "./rules/entries.ts";
import { isVersioned, versioningOf } from "./rules/versioning.ts";
import { explained } from "./store/explain.ts";

/**
 * Records when a bucket with newly enabled versioning becomes writable. It has no counterpart in AWS. It depends on all other resources
 * of its environment, so it is deleted first, and its deletion refuses to destroy a bucket in use.
 */
export function versioningReadiness(
  deps: Dependencies,
): ResourceHandler<VersioningReadinessInputs, VersioningReadinessOutputs> {
  return declaredResource(versioningReadinessResource, {
    notImported: { why: "When versioning was enabled is not recorded in S3.", fix: BY_ENVIRONMENT },

    async create(inputs, context) {
      const { region, bucket, waitSeconds } = inputs;
      const target = targetIn(deps, inputs, context);
      const isEnabled = await explained(`reading the versioning of ${bucket}`, () =>
        isVersioned(target, deps.spreading),
      );
      if (!isEnabled) throw notVersioned(region, bucket);
      const writableAt = isoSeconds(new Date(deps.now().getTime() + waitSeconds * 1000));
      return { id: `${region}/${bucket}`, outputs: { ...inputs, writableAt } };
    },

    // An update does not enable versioning again, so the wait stays.
    async update(_id, oldOutputs, news) {
      return { ...oldOutputs, ...news };
    },

    // A recreated bucket needs a new wait.
    async read(id, inputs, outputs, context) {
      const found = await explained(`reading the versioning of ${inputs.bucket}`, () =>
        undefinedIf(isNoSuchBucket, versioningOf(targetIn(deps, inputs, context))),
      );
      return found === undefined ? undefined : { id, inputs, outputs };
    },

    async delete(_id, { region, bucket }, { signal }) {
      await explained(`looking for staged data in the bucket ${bucket}`, () =>
        refuseWithEntries({ store: deps.s3.store(region), bucket, signal }, region),
      );
    },
  });
}

const notVersioned = (region: string, bucket: string): UserError =>
  new UserError(`versioning of the bucket ${bucket} is not enabled`, {
    why: "Replication and safe deletion need it.",
    fix: `aws s3api put-bucket-versioning --bucket ${bucket} --versioning-configuration Status=Enabled --region ${region}`,
  });
