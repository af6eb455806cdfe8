import {
  DeleteBucketLifecycleCommand,
  GetBucketLifecycleConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
} from "@aws-sdk/client-s3";
import { choice, list, string } from "../../../staging/schema/fields.ts";
import { s3 } from "../sdk/s3.ts";
import { defineBucketConfiguration } from "./bucket-configuration.ts";
import { fromLifecycleRule, lifecycleRule, toLifecycleRule } from "./lifecycle-rules.ts";

const DEFAULT_MINIMUM_SIZE = "all_storage_classes_128K" as const;

export default defineBucketConfiguration({
  title: "lifecycle of the bucket",
  fields: {
    rules: list(lifecycleRule, { required: true, min: 1, keyOf: (rule) => rule.id }),
    transitionDefaultMinimumObjectSize: choice([DEFAULT_MINIMUM_SIZE, "varies_by_storage_class"], {
      computed: true,
      unreported: true, // a response header that emulators omit
    }),
    expectedBucketOwner: string({ replaces: true, unreported: true }),
  },
  absent: ["NoSuchLifecycleConfiguration"],
  put: (bucket, { rules, transitionDefaultMinimumObjectSize: size, expectedBucketOwner }, call) =>
    s3(call).send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket: bucket,
        LifecycleConfiguration: { Rules: rules.map(toLifecycleRule) },
        TransitionDefaultMinimumObjectSize: size ?? DEFAULT_MINIMUM_SIZE,
        ExpectedBucketOwner: expectedBucketOwner || undefined,
      }),
    ),
  async get(bucket, call) {
    const { Rules = [], TransitionDefaultMinimumObjectSize: size } = await s3(call).send(
      new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }),
    );
    if (Rules.length === 0) return undefined;
    return {
      rules: Rules.map(fromLifecycleRule),
      ...(size && { transitionDefaultMinimumObjectSize: size }),
    };
  },
  // S3 temporarily returns the old rules.
  inForce(wanted, { rules = [] }) {
    const actual = new Map(rules.map((rule) => [rule.id, rule.status]));
    return (
      actual.size === wanted.rules.length && wanted.rules.every(({ id, status }) => actual.get(id) === status)
    );
  },
  remove: (bucket, call) => s3(call).send(new DeleteBucketLifecycleCommand({ Bucket: bucket })),
});
