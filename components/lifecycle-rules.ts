import type { BucketLifecycleConfigurationArgs } from "@pulumi/aws/s3/bucketLifecycleConfiguration.js";
import type { Unwrap } from "@pulumi/pulumi";
import {
  ABORT_MULTIPART_DAYS,
  HOUSEKEEPING_RULE_ID,
  LIFECYCLE_CLASSES,
  NONCURRENT_DAYS,
} from "../staging/classes.ts";
import { ID_PREFIX } from "../staging/ids.ts";
import type { BucketRule } from "../staging/resources.ts";

type LifecycleRule = NonNullable<Unwrap<BucketLifecycleConfigurationArgs["rules"]>>[number];

/**
 * A bucket's whole lifecycle configuration: a rule for each TTL, whose tag the objects carry, and one for what no tag
 * covers. https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
 */
export function lifecycleRules(): LifecycleRule[] {
  const classes = LIFECYCLE_CLASSES.map(
    ({ id, ttl, tag }): LifecycleRule => ({
      id,
      status: "Enabled",
      filter: { tag: { ...tag } },
      expiration: { days: ttl },
      noncurrentVersionExpiration: { noncurrentDays: NONCURRENT_DAYS },
    }),
  );
  return [...classes, housekeepingRule()];
}

function housekeepingRule(): LifecycleRule {
  return {
    id: HOUSEKEEPING_RULE_ID,
    status: "Enabled",
    // An empty prefix is every object; a rule without a filter would be of the API's old form.
    filter: { prefix: "" },
    abortIncompleteMultipartUpload: { daysAfterInitiation: ABORT_MULTIPART_DAYS },
    expiration: { expiredObjectDeleteMarker: true },
  };
}

/**
 * The same rules as S3's API has them, to stand beside those of the user: what no tag covers is limited to names that
 * begin as an entry's do.
 */
export function adoptedLifecycleRules(): BucketRule[] {
  const classes = LIFECYCLE_CLASSES.map(
    ({ id, ttl, tag }): BucketRule => ({
      ID: id,
      Status: "Enabled",
      Filter: { Tag: { Key: tag.key, Value: tag.value } },
      Expiration: { Days: ttl },
      NoncurrentVersionExpiration: { NoncurrentDays: NONCURRENT_DAYS },
    }),
  );
  const housekeeping: BucketRule = {
    ID: HOUSEKEEPING_RULE_ID,
    Status: "Enabled",
    Filter: { Prefix: ID_PREFIX },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: ABORT_MULTIPART_DAYS },
    Expiration: { ExpiredObjectDeleteMarker: true },
  };
  return [...classes, housekeeping];
}
