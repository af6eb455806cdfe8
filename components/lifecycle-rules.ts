import type { BucketLifecycleConfigurationArgs } from "@pulumi/aws/s3/bucketLifecycleConfiguration.js";
import type { Unwrap } from "@pulumi/pulumi";
import {
  ABORT_MULTIPART_DAYS,
  HOUSEKEEPING_RULE_ID,
  LIFECYCLE_CLASSES,
  NONCURRENT_DAYS,
} from "../staging/classes.ts";

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
