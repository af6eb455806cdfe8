import { boolean, integer, list, number, string } from "../schema/fields.ts";
import { declareResource, type InputsOfResource, type OutputsOfResource } from "../schema/resource.ts";
import {
  facts,
  fixedName,
  kindOutput,
  readersTag,
  region,
  stagingId,
  timeoutSeconds,
  ttlDays,
  uploadedAt,
  writableAt,
} from "./fields.ts";
import { STAGED_DATA } from "./tokens.ts";

export const stagedDataResource = declareResource({
  token: STAGED_DATA,
  description:
    "The objects of a staging entry in its primary region. Creation uploads them, deletion deletes them with all their versions.",
  deleteBeforeReplace: true,
  inputs: {
    stagingId,
    source: string({
      description:
        "What to stage: an absolute path on the machine that runs the update, or an `s3://` URL. Read at creation only.",
      required: true,
      ignored: true,
    }),
    name: string({
      description: "The name under which the data are stored. Default: the source's own name.",
      ignored: true,
    }),
    exclude: list(string({}), {
      description: "Patterns of files to leave out of a directory, in the syntax of .gitignore.",
      ignored: true,
    }),
    followLinks: boolean({
      description: "Stages what the symbolic links of a local directory point to, in their place.",
      ignored: true,
    }),
    noSha256: boolean({
      description: "For a source on S3: computes no SHA-256 where that needs a read of the data.",
      ignored: true,
    }),
    multipart: boolean({ description: "Sends small files by multipart uploads, too.", ignored: true }),
    timeoutSeconds,
    requestPayer: boolean({
      description:
        "For a source on S3: the credentials in use pay for its requests and transfer (requester pays).",
      ignored: true,
    }),
    bandwidthLimit: integer({
      wide: true,
      description:
        "Bytes per second that this machine sends at most, and reads of a source on S3. Default: no limit.",
      ignored: true,
    }),
    environmentBuckets: list(string({}), {
      description:
        "For a source on S3: the buckets of the environment. The source must not contain the objects that the upload writes.",
      ignored: true,
    }),
    region: region("The primary region."),
    bucket: fixedName("The bucket of the primary region."),
    replicateTo: list(string({}), {
      description:
        "Regions that a replication rule copies to. The objects carry a tag for each from the upload on.",
      required: true,
    }),
    replicaRegions: list(string({}), {
      description: "The regions of the replicas, for the estimate in a preview.",
      ignored: true,
    }),
    recordsTable: string({
      description:
        "The records table. A creation is refused if it has the entry's record: another stack has the entry then.",
      ignored: true,
    }),
    recordsRegion: string({ description: "The region of the records table.", ignored: true }),
    expectedSha256: string({
      description:
        "The SHA-256 that the data must have, lower-case hex. A creation fails with other content.",
      ignored: true,
    }),
    // Later on `Expiration` decides.
    ttlDays: integer({ ...ttlDays, required: true, ignored: true }),
    readersTag: string({ ...readersTag, ignored: true }),
    writableAt: string({ ...writableAt, ignored: true }),
  },
  outputs: {
    filename: string({ description: "The name under which the data are stored.", required: true }),
    kind: kindOutput,
    key: string({
      description: "A file: its key. A directory: the prefix of its keys, with `/` at the end.",
      required: true,
    }),
    ...facts,
    manifestKey: string({ description: "The key of the manifest.", required: true }),
    partSizeBytes: integer({
      wide: true,
      description: "Bytes of each part but the last; 0 where no object was uploaded in parts.",
      required: true,
    }),
    uploadedAt: string({ ...uploadedAt, required: true }),
    sourceVersion: string({
      description:
        "A digest of the names, sizes and times of the source's files, or of their ETags, when they were staged.",
    }),
    estimatedCost: number({
      description:
        "The cost in US dollars of the upload: replication, and storage in all regions until the expiry. Known in a preview, like `sizeBytes` and `fileCount`.",
    }),
    lost: string({
      description:
        "Why the data are not whole any more, if a refresh found that. The next update stages them again.",
    }),
  },
});

/** Replaced never: another id or bucket is another entry. */
export type StagedDataInputs = InputsOfResource<typeof stagedDataResource>;
export type StagedDataOutputs = OutputsOfResource<typeof stagedDataResource>;
