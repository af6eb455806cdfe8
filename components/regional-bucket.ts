import { Bucket, type BucketArgs } from "@pulumi/aws/s3/bucket.js";
import {
  BucketLifecycleConfiguration,
  type BucketLifecycleConfigurationArgs,
} from "@pulumi/aws/s3/bucketLifecycleConfiguration.js";
import {
  BucketOwnershipControls,
  type BucketOwnershipControlsArgs,
} from "@pulumi/aws/s3/bucketOwnershipControls.js";
import { BucketPolicy, type BucketPolicyArgs } from "@pulumi/aws/s3/bucketPolicy.js";
import {
  BucketPublicAccessBlock,
  type BucketPublicAccessBlockArgs,
} from "@pulumi/aws/s3/bucketPublicAccessBlock.js";
import {
  BucketServerSideEncryptionConfiguration,
  type BucketServerSideEncryptionConfigurationArgs,
} from "@pulumi/aws/s3/bucketServerSideEncryptionConfiguration.js";
import { BucketVersioning, type BucketVersioningArgs } from "@pulumi/aws/s3/bucketVersioning.js";
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Output,
  output,
  type Resource,
} from "@pulumi/pulumi";
import { BLOCK_PUBLIC_ACCESS, bucketPolicy } from "./bucket-policy.ts";
import { child, type Transform } from "./child.ts";
import { keep } from "./keep.ts";
import { lifecycleRules } from "./lifecycle-rules.ts";
import { VersioningReadiness } from "./resources.ts";
import type { BucketGuard, StagingBucket, StagingBucketArgs } from "./staging-bucket.ts";

/**
 * Seconds to wait between enabling versioning and the first write.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/manage-versioning-examples.html
 */
export const VERSIONING_WAIT_SECONDS = { aws: 900, local: 0 } as const;

/**
 * Timeout of the official plugin for a lifecycle configuration to appear. Its default is 3 minutes; S3 has taken more
 * than 5. https://github.com/hashicorp/terraform-provider-aws/issues/41764
 */
const LIFECYCLE_TIMEOUT = "15m";

/** Transforms of the children of each {@link RegionalBucket}; a function can distinguish regions by `args.region`. */
export interface RegionalBucketTransform {
  /** The bucket itself. @default none @example { tags: { team: "genomics" } } */
  bucket?: Transform<BucketArgs>;
  /** Its versioning, which replication requires. @default none */
  versioning?: Transform<BucketVersioningArgs>;
  /** Its encryption at rest. @default none @example set `rules` to encrypt with your own key */
  encryption?: Transform<BucketServerSideEncryptionConfigurationArgs>;
  /** Its public access block. @default none */
  publicAccessBlock?: Transform<BucketPublicAccessBlockArgs>;
  /** Its ownership of objects. @default none */
  ownership?: Transform<BucketOwnershipControlsArgs>;
  /** Its policy. @default none */
  policy?: Transform<BucketPolicyArgs>;
  /** Its lifecycle configuration. Entries fail if the rule of their TTL is missing. @default none */
  lifecycle?: Transform<BucketLifecycleConfigurationArgs>;
}

export interface RegionalBucketArgs extends StagingBucketArgs<RegionalBucketTransform> {
  /** The tags that name the owning environment. @example { "spawn:environment": "dev" } */
  tags: Readonly<Record<string, string>>;
  /** Whether the bucket exists in AWS and not in the state, so that the state imports it. @default false */
  adopts?: boolean;
}

/**
 * The staging bucket of one region: private, versioned, encrypted, with one lifecycle rule per TTL. Its deletion
 * fails while it holds objects.
 */
export class RegionalBucket extends ComponentResource implements StagingBucket {
  readonly bucket: Bucket;
  readonly bucketName: Output<string>;
  readonly versioning: BucketVersioning;
  readonly configuration: readonly Resource[];
  readonly #name: string;
  readonly #args: RegionalBucketArgs;

  constructor(name: string, args: RegionalBucketArgs, options?: ComponentResourceOptions) {
    super("spawn:index:RegionalBucket", name, {}, options);
    const { region, transform = {} } = args;
    const parent = this;

    this.#name = name;
    this.#args = args;
    this.bucket = createBucket();
    this.bucketName = this.bucket.bucket;
    this.versioning = createVersioning(this.bucket);
    this.configuration = [
      this.versioning,
      createLifecycle(this.versioning),
      createEncryption(this.bucket),
      createOwnership(this.bucket),
      createPolicy(createPublicAccessBlock(this.bucket)),
    ];
    this.registerOutputs({ bucket: this.bucketName });

    function createBucket(): Bucket {
      const own: BucketArgs = { bucket: args.bucket, region, tags: args.tags };
      const options = { parent, ...keep(args.cloud, args.adopts ? `${args.bucket}@${region}` : undefined) };
      return new Bucket(...child(transform.bucket, `${name}-bucket`, own, options));
    }

    function createVersioning({ bucket }: Bucket): BucketVersioning {
      const own: BucketVersioningArgs = { bucket, region, versioningConfiguration: { status: "Enabled" } };
      return new BucketVersioning(...child(transform.versioning, `${name}-versioning`, own, { parent }));
    }

    // After the versioning, because its rules refer to noncurrent versions.
    function createLifecycle({ bucket }: BucketVersioning): Resource {
      const own: BucketLifecycleConfigurationArgs = { bucket, region, rules: lifecycleRules() };
      return new BucketLifecycleConfiguration(
        ...child(transform.lifecycle, `${name}-lifecycle`, own, {
          parent,
          customTimeouts: { create: LIFECYCLE_TIMEOUT, update: LIFECYCLE_TIMEOUT },
        }),
      );
    }

    // S3 blocks customer-provided keys in new buckets by default, so an undeclared value would be a difference.
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-s3-c-encryption-setting-faq.html
    function createEncryption({ bucket }: Bucket): Resource {
      const own: BucketServerSideEncryptionConfigurationArgs = {
        bucket,
        region,
        rules: [
          {
            applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" },
            bucketKeyEnabled: false,
            blockedEncryptionTypes: ["SSE-C"],
          },
        ],
      };
      return new BucketServerSideEncryptionConfiguration(
        ...child(transform.encryption, `${name}-encryption`, own, { parent }),
      );
    }

    function createOwnership({ bucket }: Bucket): Resource {
      const rule = { objectOwnership: "BucketOwnerEnforced" };
      const own: BucketOwnershipControlsArgs = { bucket, region, rule };
      return new BucketOwnershipControls(...child(transform.ownership, `${name}-ownership`, own, { parent }));
    }

    function createPublicAccessBlock({ bucket }: Bucket): BucketPublicAccessBlock {
      const own: BucketPublicAccessBlockArgs = { bucket, region, ...BLOCK_PUBLIC_ACCESS };
      return new BucketPublicAccessBlock(
        ...child(transform.publicAccessBlock, `${name}-public-access`, own, { parent }),
      );
    }

    // After the public access block: S3 refuses two concurrent changes of a bucket's access.
    function createPolicy({ bucket }: BucketPublicAccessBlock): Resource {
      const { cloud, readers = [] } = args;
      const policy = output(args.accountId).apply((accountId) =>
        bucketPolicy({ bucket: args.bucket, accountId, cloud, readers }),
      );
      const own: BucketPolicyArgs = { bucket, region, policy };
      return new BucketPolicy(...child(transform.policy, `${name}-policy`, own, { parent }));
    }
  }

  guard(settings: readonly Resource[]): BucketGuard {
    const { region, cloud } = this.#args;
    const { bucket } = this.versioning;
    const own = { bucket, region, waitSeconds: VERSIONING_WAIT_SECONDS[cloud] };
    const options = { parent: this, dependsOn: [...settings] };
    const resource = new VersioningReadiness(`${this.#name}-readiness`, own, options);
    return { resource, writableAt: resource.writableAt };
  }
}
