import type { BucketLifecycleConfigurationArgs } from "@pulumi/aws/s3/bucketLifecycleConfiguration.js";
import type { Unwrap } from "@pulumi/pulumi";
import {
  ABORT_MULTIPART_DAYS,
  HOUSEKEEPING_RULE_ID,
  LIFECYCLE_CLASSES,
  NONCURRENT_DAYS,
} from "../staging/classes.ts";
import { ID_PREFIX } from "../staging/ids.ts";
import type { BucketRule } from "../staging/resources/bucket-rules.ts";
import { asBucketRule } from "./bucket-rule.ts";

type LifecycleRule = NonNullable<Unwrap<BucketLifecycleConfigurationArgs["rules"]>>[number];

/**
 * A bucket's whole lifecycle configuration: a rule for each TTL, which selects objects by tag, and one for multipart
 * uploads and delete markers, which a tag cannot select.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
 * @param prefix the key prefix of the last rule. An empty prefix selects every key; a rule without a filter would have
 * the API's old form.
 */
export function lifecycleRules(prefix = ""): LifecycleRule[] {
  const classes = LIFECYCLE_CLASSES.map(
    ({ id, ttl, tag }): LifecycleRule => ({
      id,
      status: "Enabled",
      filter: { tag: { ...tag } },
      expiration: { days: ttl },
      noncurrentVersionExpiration: { noncurrentDays: NONCURRENT_DAYS },
    }),
  );
  const housekeeping: LifecycleRule = {
    id: HOUSEKEEPING_RULE_ID,
    status: "Enabled",
    filter: { prefix },
    abortIncompleteMultipartUpload: { daysAfterInitiation: ABORT_MULTIPART_DAYS },
    expiration: { expiredObjectDeleteMarker: true },
  };
  return [...classes, housekeeping];
}

/** The same rules, to add to the user's own. The last one is limited to keys that begin like an entry's. */
export const adoptedLifecycleRules = (): BucketRule[] => lifecycleRules(ID_PREFIX).map(asBucketRule);
