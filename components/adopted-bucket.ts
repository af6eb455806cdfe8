import {
  ComponentResource,
  type ComponentResourceOptions,
  type Output,
  output,
  type Resource,
} from "@pulumi/pulumi";
import type { Region } from "../staging/regions.ts";
import type { BucketAdoptionInputs } from "../staging/resources/bucket-adoption.ts";
import type { BucketRulesInputs } from "../staging/resources/bucket-rules.ts";
import { adoptedPolicyStatements } from "./bucket-policy.ts";
import { child, type Transform } from "./child.ts";
import { adoptedLifecycleRules } from "./lifecycle-rules.ts";
import { VERSIONING_WAIT_SECONDS } from "./regional-bucket.ts";
import { BucketAdoption, BucketRules, type ProgramArgs, VersioningReadiness } from "./resources.ts";
import type { BucketGuard, StagingBucket, StagingBucketArgs } from "./staging-bucket.ts";

/** Transforms of the children of each {@link AdoptedBucket}; a function can distinguish regions by `args.region`. */
export interface AdoptedBucketTransform {
  /** The adoption itself. @default none @example { waitSeconds: 0 } for a bucket with long-standing versioning */
  adoption?: Transform<ProgramArgs<BucketAdoptionInputs>>;
  /** spawn's lifecycle rules. Entries fail if the rule of their TTL is missing. @default none */
  lifecycle?: Transform<ProgramArgs<BucketRulesInputs>>;
  /** spawn's statements in the bucket policy. @default none */
  policy?: Transform<ProgramArgs<BucketRulesInputs>>;
}

/**
 * A bucket that the user created, used for one region. It gets versioning, and spawn's rules in addition to its own.
 * Its encryption, ownership and public access stay unchanged. A deletion removes spawn's rules and keeps the bucket; it
 * fails while an entry has data there.
 */
export class AdoptedBucket extends ComponentResource implements StagingBucket {
  readonly bucketName: Output<string>;
  readonly versioning: BucketAdoption;
  readonly configuration: readonly Resource[];
  readonly #name: string;
  readonly #region: Region;

  constructor(
    name: string,
    args: StagingBucketArgs<AdoptedBucketTransform>,
    options?: ComponentResourceOptions,
  ) {
    super("spawn:index:AdoptedBucket", name, {}, options);
    const { region, transform = {} } = args;
    const parent = this;

    this.#name = name;
    this.#region = region;
    const adoption = createAdoption();
    const policy = createPolicy(adoption);
    this.bucketName = adoption.bucket;
    this.versioning = adoption;
    this.configuration = [adoption, policy, createLifecycle(adoption, policy)];
    this.registerOutputs({ bucket: this.bucketName });

    function createAdoption(): BucketAdoption {
      const own: ProgramArgs<BucketAdoptionInputs> = {
        region,
        bucket: args.bucket,
        versioning: "Enabled",
        waitSeconds: VERSIONING_WAIT_SECONDS[args.cloud],
      };
      return new BucketAdoption(...child(transform.adoption, `${name}-adoption`, own, { parent }));
    }

    function createPolicy({ bucket }: BucketAdoption): Resource {
      const rules = output(args.accountId).apply((id) =>
        adoptedPolicyStatements({
          ...{ bucket: args.bucket, accountId: id, cloud: args.cloud },
          readers: args.readers ?? [],
        }),
      );
      const own: ProgramArgs<BucketRulesInputs> = { region, bucket, kind: "policy", rules };
      return new BucketRules(...child(transform.policy, `${name}-policy`, own, { parent }));
    }

    // Created last, so deleted first. Its deletion fails while the bucket has data, and the policy must stay until
    // then.
    function createLifecycle({ bucket }: BucketAdoption, policy: Resource): Resource {
      const rules = adoptedLifecycleRules();
      const own: ProgramArgs<BucketRulesInputs> = { region, bucket, kind: "lifecycle", rules };
      return new BucketRules(
        ...child(transform.lifecycle, `${name}-lifecycle`, own, { parent, dependsOn: [policy] }),
      );
    }
  }

  // The adoption waits, because it knows whether versioning was already on.
  guard(settings: readonly Resource[]): BucketGuard {
    const { bucket, writableAt } = this.versioning;
    const own = { bucket, region: this.#region, waitSeconds: 0 };
    const options = { parent: this, dependsOn: [...settings] };
    return { resource: new VersioningReadiness(`${this.#name}-readiness`, own, options), writableAt };
  }
}
