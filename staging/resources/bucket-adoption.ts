import { string } from "../schema/fields.ts";
import { declareResource, type InputsOfResource, type OutputsOfResource } from "../schema/resource.ts";
import { fixedName, region, waitSeconds, writableAt } from "./fields.ts";
import { BUCKET_ADOPTION } from "./tokens.ts";

export const bucketAdoptionResource = declareResource({
  token: BUCKET_ADOPTION,
  description:
    "A bucket of the user's own, used for staging. Its settings are checked and its versioning is enabled. It is never created, emptied or deleted.",
  inputs: {
    region: region("The bucket's region."),
    bucket: fixedName("The bucket, which must exist."),
    versioning: string({
      description: "`Enabled`, which replication needs. After a refresh: what the bucket has.",
      required: true,
    }),
    waitSeconds,
  },
  outputs: { writableAt: string({ ...writableAt, required: true }) },
});

export type BucketAdoptionInputs = InputsOfResource<typeof bucketAdoptionResource>;
export type BucketAdoptionOutputs = OutputsOfResource<typeof bucketAdoptionResource>;
