import { actionsOf, allow, type Statement } from "./document.ts";
import type { Places } from "./places.ts";

/** Reads for the check of a bucket, before any read of an entry. */
export const SURVEY_BUCKET = actionsOf(
  "s3",
  ...["ListBucket", "ListBucketMultipartUploads", "GetBucketTagging", "GetLifecycleConfiguration"],
);

/** Reads of a bucket's versions and rules. */
export const SEE_RULES = actionsOf(
  "s3",
  "ListBucketVersions",
  "GetReplicationConfiguration",
  "GetBucketVersioning",
  "GetBucketObjectLockConfiguration",
);

/** Reads of objects, checksums and parts in progress. */
const READ_OBJECTS = actionsOf(
  "s3",
  ...["GetObject", "GetObjectVersion", "GetObjectAttributes", "GetObjectVersionAttributes"],
  "ListMultipartUploadParts",
);

/** Reads of tables; a scan finds an entry by the first digits of its ID. */
export const READ_ITEMS = actionsOf(
  "dynamodb",
  "DescribeTable",
  "ListTagsOfResource",
  "GetItem",
  "BatchGetItem",
  "Query",
  "Scan",
);

export const WRITE_ITEMS = actionsOf("dynamodb", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem");

/** Reads of all entries and of the logs of sweeps. */
export const readEntries = ({ entries, logs, owned }: Places): Statement =>
  allow("ReadEntries", READ_OBJECTS, [...entries, ...logs], owned);

/** Reads and writes of all entries. Deletions are permanent, so they need versions. */
export const writeEntries = ({ entries, owned }: Places): Statement =>
  allow(
    "WriteEntries",
    [
      ...READ_OBJECTS,
      ...actionsOf("s3", "GetObjectTagging", "GetObjectRetention", "GetObjectLegalHold"),
      ...actionsOf("s3", "PutObject", "PutObjectTagging", "AbortMultipartUpload"),
      ...actionsOf("s3", "DeleteObject", "DeleteObjectVersion"),
    ],
    entries,
    owned,
  );

export const readLogs = ({ logs, owned }: Places): Statement =>
  allow("ReadLogs", ["s3:GetObject"], logs, owned);

/** The logs of all sweeps are deleted with the environment. */
export const removeLogs = ({ logs, owned }: Places): Statement =>
  allow("RemoveLogs", actionsOf("s3", "GetObject", "DeleteObject", "DeleteObjectVersion"), logs, owned);

/** Sharing of entries with other accounts. */
export const shareEntries = ({ accessPoints }: Places): Statement =>
  allow(
    "ShareEntries",
    actionsOf(
      "s3",
      ...["CreateAccessPoint", "DeleteAccessPoint", "ListTagsForResource"],
      ...["GetAccessPointPolicy", "GetAccessPointPolicyStatus", "PutAccessPointPolicy"],
      "DeleteAccessPointPolicy",
    ),
    accessPoints,
  );
