import { string } from "../schema/fields.ts";
import { declareResource, type InputsOfResource, type OutputsOfResource } from "../schema/resource.ts";
import { fixedName, region, waitSeconds, writableAt } from "./fields.ts";
import { VERSIONING_READINESS } from "./tokens.ts";

export const versioningReadinessResource = declareResource({
  token: VERSIONING_READINESS,
  description:
    "The guard of a bucket. Creation notes from when on the bucket may be written; deletion is refused while an entry has data in it.",
  inputs: {
    region: region("The bucket's region."),
    bucket: fixedName("The bucket, whose versioning is enabled."),
    waitSeconds,
  },
  outputs: { writableAt: string({ ...writableAt, required: true }) },
});

export type VersioningReadinessInputs = InputsOfResource<typeof versioningReadinessResource>;
export type VersioningReadinessOutputs = OutputsOfResource<typeof versioningReadinessResource>;
