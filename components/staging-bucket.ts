import type { Output, Resource } from "@pulumi/pulumi";

/** What an environment needs of the bucket of a region, whoever made it. */
export interface StagingBucket {
  /** Its name, known once the bucket is there. */
  readonly bucketName: Output<string>;
  /** In force before another bucket replicates to it, or it to another. */
  readonly versioning: Resource;
  /** What must be in force before data arrive, and for as long as they are there. */
  readonly configuration: readonly Resource[];
  /**
   * Declares the bucket's guard, once, after all else of the environment: being made last it is deleted first, and
   * refuses that while an entry has data in the bucket.
   */
  guard(settings: readonly Resource[]): BucketGuard;
}

export interface BucketGuard {
  readonly resource: Resource;
  /** ISO time from which the bucket may be written. */
  readonly writableAt: Output<string>;
}
