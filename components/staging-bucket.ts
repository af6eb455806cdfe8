import type { Output, Resource } from "@pulumi/pulumi";

/** What an environment needs of the bucket of a region, whoever made it. */
export interface StagingBucket {
  /** Its name, known once the bucket is there. */
  readonly bucketName: Output<string>;
  /** In force before another bucket replicates to it, or it to another. */
  readonly versioning: Resource;
  /** ISO time from which it may be written. */
  readonly writableAt: Output<string>;
  /** What must be in force before data arrive, and for as long as they are there. */
  readonly configuration: readonly Resource[];
}
