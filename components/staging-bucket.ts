import type { Output, Resource } from "@pulumi/pulumi";

/** The bucket of a region, as its environment uses it. */
export interface StagingBucket {
  /** Known after the bucket exists. */
  readonly bucketName: Output<string>;
  /** Must be complete before replication to or from the bucket. */
  readonly versioning: Resource;
  /** Must be complete before data arrive, and stay until they are deleted. */
  readonly configuration: readonly Resource[];
  /**
   * Declares the bucket's guard, once, after all other resources of the environment. It is deleted first, and refuses
   * while an entry has data in the bucket.
   */
  guard(settings: readonly Resource[]): BucketGuard;
}

export interface BucketGuard {
  readonly resource: Resource;
  /** ISO time from which the bucket is writable. */
  readonly writableAt: Output<string>;
}
