import { choice, integer, number, string } from "../schema/fields.ts";
import { declareResource, type InputsOfResource, type OutputsOfResource } from "../schema/resource.ts";
import {
  facts,
  fixedName,
  kindInput,
  region,
  stagingId,
  timeoutSeconds,
  ttlDays,
  uploadedAt,
  usagePlace,
  writableAt,
} from "./fields.ts";
import { REPLICATION } from "./tokens.ts";

export const replicationResource = declareResource({
  token: REPLICATION,
  description:
    "The verified replica of a staging entry in one region. A replication rule of the bucket makes it, or server-side copies.",
  deleteBeforeReplace: true,
  inputs: {
    stagingId,
    sourceRegion: region("The primary region."),
    sourceBucket: fixedName("The bucket of the primary region."),
    region: region("The region of the replica."),
    bucket: fixedName("The bucket of the replica's region."),
    method: choice(["rule", "copy"], {
      description:
        "`rule` waits for S3's replication and copies what does not arrive; `copy` copies at once.",
      required: true,
    }),
    timeoutSeconds,
    key: fixedName("A file: its key. A directory: the prefix of its keys, with `/` at the end."),
    kind: kindInput,
    ...facts,
    manifestKey: string({ description: "The key of the manifest.", required: true, ignored: true }),
    ...usagePlace,
    uploadedAt: string({ ...uploadedAt, ignored: true }),
    ttlDays: integer({ ...ttlDays, ignored: true }),
    writableAt: string({ ...writableAt, ignored: true }),
  },
  outputs: {
    ruleId: string({
      description: "The ID of the bucket's replication rule; empty where the method is `copy`.",
      required: true,
    }),
    via: choice(["rule", "copy", "mixed"], {
      description: "How the objects arrived: by the rule, by copies, or some each way.",
      required: true,
    }),
    objects: integer({ description: "Number of objects, the manifest included.", required: true }),
    seconds: number({
      description: "Seconds from the start until the last object was verified.",
      required: true,
    }),
    verifiedBy: choice(["checksum", "etag"], {
      description: "What was compared, the weakest of all objects: checksums, or size and ETag.",
      required: true,
    }),
  },
});

export type ReplicationInputs = InputsOfResource<typeof replicationResource>;
export type ReplicationOutputs = OutputsOfResource<typeof replicationResource>;
