import type { Properties } from "../../../../provider/plugin/types.ts";
import { bucket, type Case, REGION, type Step } from "./case.ts";

const VERSIONING = "aws:s3/bucketVersioning:BucketVersioning";
const versioned = (name: string, region = REGION): Step[] => [
  bucket(name, region),
  {
    type: VERSIONING,
    inputs: { bucket: name, region, versioningConfiguration: { status: "Enabled" } },
  },
];
const ttlRules = Array.from({ length: 90 }, (_, index) => ({
  id: `ttl-${index + 1}`,
  status: "Enabled",
  filter: { tag: { key: "ttl-days", value: String(index + 1) } },
  expiration: { days: index + 1 },
  noncurrentVersionExpiration: { noncurrentDays: 1 },
}));
const housekeeping = {
  id: "housekeeping",
  status: "Enabled",
  filter: { prefix: "" },
  abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
  expiration: { expiredObjectDeleteMarker: true },
};
const replicate = (to: string, priority: number, more: Properties = {}): Properties => ({
  id: `to-${to}`,
  status: "Enabled",
  priority,
  filter: { tag: { key: `replicate-${to}`, value: "true" } },
  destination: { bucket: `arn:aws:s3:::${to}` },
  deleteMarkerReplication: { status: "Disabled" },
  ...more,
});
const roleArn = "arn:aws:iam::123456789012:role/replication";

export const bucketRuleCases: readonly Case[] = [
  {
    name: "BucketLifecycleConfiguration",
    type: "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    needs: [bucket("conf-lifecycle")],
    inputs: { bucket: "conf-lifecycle", region: REGION, rules: [...ttlRules, housekeeping] },
    id: "conf-lifecycle",
    same: { rules: [{ ...housekeeping, filter: {} }, ...[...ttlRules].reverse()] },
    change: {
      rules: [
        housekeeping,
        {
          id: "big-and-old",
          status: "Disabled",
          filter: { and: { prefix: "raw/", tags: { a: "1", b: "2" } } },
          transitions: [{ days: 30, storageClass: "GLACIER" }],
        },
      ],
    },
    replacing: [{ change: { bucket: "conf-other" } }],
  },
  {
    name: "BucketLifecycleConfiguration by size",
    type: "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    needs: [bucket("conf-sizes")],
    inputs: {
      bucket: "conf-sizes",
      region: REGION,
      rules: [
        { id: "big", status: "Enabled", filter: { objectSizeGreaterThan: 1024 }, expiration: { days: 1 } },
        { id: "dated", status: "Enabled", filter: {}, expiration: { date: "2031-01-31T00:00:00Z" } },
      ],
    },
    id: "conf-sizes",
    change: {
      rules: [
        {
          id: "middling",
          status: "Enabled",
          filter: { and: { prefix: "raw/", objectSizeGreaterThan: 1024, objectSizeLessThan: 4096 } },
          noncurrentVersionTransitions: [{ noncurrentDays: 30, storageClass: "GLACIER" }],
        },
      ],
    },
    replacing: [],
    beyond: { moto: "it forgets the sizes in filters of lifecycle rules, so they read back as a difference" },
  },
  {
    name: "BucketReplicationConfig",
    type: "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
    needs: [
      ...versioned("conf-source"),
      ...versioned("conf-east", "us-east-1"),
      ...versioned("conf-west", "eu-west-1"),
    ],
    inputs: {
      bucket: "conf-source",
      region: REGION,
      role: roleArn,
      rules: [replicate("conf-east", 1), replicate("conf-west", 2)],
    },
    id: "conf-source",
    same: { rules: [replicate("conf-west", 2), replicate("conf-east", 1)] },
    change: {
      rules: [
        replicate("conf-east", 1, { filter: { and: { prefix: "in/", tags: { go: "east" } } } }),
        replicate("conf-west", 3, {
          status: "Disabled",
          destination: { bucket: "arn:aws:s3:::conf-west", storageClass: "STANDARD_IA" },
        }),
      ],
    },
    replacing: [{ change: { bucket: "conf-other" } }],
    beyond: { moto: "it tells no filters of replication rules, so they cannot be imported" },
  },
];
