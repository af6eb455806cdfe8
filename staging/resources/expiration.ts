import { integer, string } from "../schema/fields.ts";
import { declareResource, type InputsOfResource, type OutputsOfResource } from "../schema/resource.ts";
import {
  facts,
  fixedName,
  readersTag,
  region,
  stagingId,
  ttlDays,
  uploadedAt,
  usagePlace,
} from "./fields.ts";
import { EXPIRATION } from "./tokens.ts";

export const expirationResource = declareResource({
  token: EXPIRATION,
  description:
    "The tags of a staging entry's objects in one region: the class of their TTL, by which S3 deletes them, and who reads by the bucket's name.",
  inputs: {
    stagingId,
    region: region("The region of the objects."),
    bucket: fixedName("The bucket of the objects."),
    ttlDays: integer({ ...ttlDays, required: true }),
    readersTag: string(readersTag),
    uploadedAt: string({ ...uploadedAt, required: true }),
    // Another manifest means other objects, which lack their tags.
    manifestSha256: facts.manifestSha256,
    ...usagePlace,
  },
  outputs: {
    ruleId: string({
      description: "The ID of the bucket's lifecycle rule for this TTL.",
      required: true,
      changes: true,
    }),
    removedAt: string({
      description: "The midnight (UTC) from which S3 may remove the objects, in ISO 8601.",
      required: true,
      changes: true,
    }),
  },
});

export type ExpirationInputs = InputsOfResource<typeof expirationResource>;
export type ExpirationOutputs = OutputsOfResource<typeof expirationResource>;
