import type { Input, Output, Resource } from "@pulumi/pulumi";
import type { AccountId } from "../staging/accounts.ts";
import type { EnvironmentSettings } from "../staging/environment.ts";
import type { Region } from "../staging/regions.ts";

/** The arguments of every staging bucket. @typeParam T transforms of its children */
export interface StagingBucketArgs<T> {
  /** `aws`, or `local` for an emulator. @example "aws" */
  cloud: EnvironmentSettings["cloud"];
  /** @example "us-east-1" */
  region: Region;
  /** The bucket's name, globally unique in AWS. @example "spawn-staging-us-east-1" */
  bucket: string;
  /** The account that owns the bucket. Access points of other accounts get no access. @example "123456789012" */
  accountId: Input<string>;
  /** Accounts that may read objects by the bucket's name if a tag names the account. @default none */
  readers?: readonly AccountId[];
  /** Transforms of the children. @default none */
  transform?: T | undefined;
}

/** The bucket of a region, as its environment uses it. */
export interface StagingBucket {
  /** Known after the bucket exists. */
  readonly bucketName: Output<string>;
  /** Must be complete before replication to or from the bucket. */
  readonly versioning: Resource;
  /** Must be complete before data arrive, and stay until they are deleted. */
  readonly configuration: readonly Resource[];
  /**
   * Declares the bucket's guard, once, after all other resources of the environment. It is deleted first, and its
   * deletion fails while an entry has data in the bucket.
   */
  guard(settings: readonly Resource[]): BucketGuard;
}

export interface BucketGuard {
  readonly resource: Resource;
  /** ISO time from which the bucket is writable. */
  readonly writableAt: Output<string>;
}
