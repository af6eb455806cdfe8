import { Role, type RoleArgs } from "@pulumi/aws/iam/role.js";
import { RolePolicy, type RolePolicyArgs } from "@pulumi/aws/iam/rolePolicy.js";
import {
  BucketReplicationConfig,
  type BucketReplicationConfigArgs,
} from "@pulumi/aws/s3/bucketReplicationConfig.js";
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  type Output,
  output,
  type Resource,
  type Unwrap,
} from "@pulumi/pulumi";
import { replicateTag, replicationRuleId } from "../staging/classes.ts";
import {
  type EnvironmentSettings,
  REPLICATION_POLICY_NAME,
  replicationRoleName,
} from "../staging/environment.ts";
import { tableTags } from "../staging/ownership/names.ts";
import { REGIONS, type Region } from "../staging/regions.ts";
import type { BucketRule, BucketRulesInputs } from "../staging/resources/bucket-rules.ts";
import { bucketArn } from "./bucket-policy.ts";
import { asBucketRule } from "./bucket-rule.ts";
import { child, type Transform } from "./child.ts";
import { replicationPermissions, replicationTrustPolicy } from "./replication-policy.ts";
import { BucketRules, type ProgramArgs } from "./resources.ts";
import type { StagingBucket } from "./staging-bucket.ts";

type ReplicationRule = Unwrap<BucketReplicationConfigArgs["rules"]>[number];

/** Transforms of the children of {@link ReplicationRules}. */
export interface ReplicationRulesTransform {
  /** The role that S3 uses for replication. @default none @example { permissionsBoundary: "arn:aws:iam::…" } */
  role?: Transform<RoleArgs>;
  /** The role's permissions. @default none */
  rolePolicy?: Transform<RolePolicyArgs>;
  /** Each bucket's replication configuration. @default none */
  configuration?: Transform<BucketReplicationConfigArgs>;
  /** spawn's replication rules in each adopted bucket. @default none */
  adoptedRules?: Transform<ProgramArgs<BucketRulesInputs>>;
}

interface ReplicationRulesArgs {
  /** The environment whose buckets replicate to each other. */
  settings: EnvironmentSettings;
  /** The bucket of each region of the environment. */
  buckets: ReadonlyMap<Region, StagingBucket>;
  /** The account that owns the buckets. @example "123456789012" */
  accountId: Input<string>;
  /** Whether the role exists in AWS and not in the state, so that the state imports it. @default false */
  adoptsRole?: boolean;
  /** Transforms of the children. @default none */
  transform?: ReplicationRulesTransform | undefined;
}

/**
 * Replication between the buckets of an environment: each bucket has one rule per other region, and an object selects
 * it with that region's tag. An environment with one region has no rules.
 */
export class ReplicationRules extends ComponentResource {
  readonly role: Role | undefined;
  /** The replication configuration of each bucket, or spawn's part of it. */
  readonly configurations: readonly Resource[];

  constructor(name: string, args: ReplicationRulesArgs, options?: ComponentResourceOptions) {
    super("spawn:index:ReplicationRules", name, {}, options);
    const { settings, buckets, transform = {} } = args;
    const parent = this;
    const account = output(args.accountId);
    const versionings = [...buckets.values()].map(({ versioning }) => versioning);

    if (settings.regions.length > 1) {
      const role = createRole();
      const permissions = createRolePolicy(role);
      this.role = role;
      this.configurations = [...buckets].map(([region, { bucketName }]) =>
        settings.adopted.has(region)
          ? createAdoptedRules(region, bucketName, role, [permissions, ...versionings])
          : createConfiguration(region, bucketName, role, [permissions, ...versionings]),
      );
    } else {
      this.configurations = [];
    }
    this.registerOutputs({ role: this.role?.arn });

    function createRole(): Role {
      const own: RoleArgs = {
        name: replicationRoleName(settings),
        description: `Replicates staged data between the buckets of ${settings.name}`,
        assumeRolePolicy: replicationTrustPolicy(),
        tags: tableTags(settings),
      };
      const options = {
        parent,
        ...(args.adoptsRole
          ? {
              import: replicationRoleName(settings),
              ignoreChanges: ["assumeRolePolicy", "description", "tags"],
            }
          : {}),
      };
      return new Role(...child(transform.role, `${name}-role`, own, options));
    }

    function createRolePolicy(role: Role): RolePolicy {
      const own: RolePolicyArgs = {
        name: REPLICATION_POLICY_NAME,
        role: role.name,
        policy: account.apply((id) =>
          replicationPermissions([...settings.buckets.values()], settings.cloud === "aws" ? id : undefined),
        ),
      };
      return new RolePolicy(...child(transform.rolePolicy, `${name}-role-policy`, own, { parent }));
    }

    // S3 accepts a replication configuration only if both buckets have versioning enabled.
    function createConfiguration(
      region: Region,
      bucket: Output<string>,
      role: Role,
      dependsOn: Resource[],
    ): BucketReplicationConfig {
      const own: BucketReplicationConfigArgs = {
        bucket,
        region,
        role: role.arn,
        rules: account.apply((id) => replicationRules(settings, region, id)),
      };
      return new BucketReplicationConfig(
        ...child(transform.configuration, `${name}-${region}`, own, { parent, dependsOn }),
      );
    }

    function createAdoptedRules(
      region: Region,
      bucket: Output<string>,
      role: Role,
      dependsOn: Resource[],
    ): BucketRules {
      const rules = account.apply((id) => adoptedReplicationRules(settings, region, id));
      const own: ProgramArgs<BucketRulesInputs> = {
        bucket,
        region,
        kind: "replication",
        role: role.arn,
        rules,
      };
      return new BucketRules(
        ...child(transform.adoptedRules, `${name}-${region}-rules`, own, { parent, dependsOn }),
      );
    }
  }
}

/**
 * The replication rules of the bucket in `source`.
 * @param account the account of every bucket. S3 accepts it for a destination of the same account, without an owner
 * override.
 */
export function replicationRules(
  { buckets }: EnvironmentSettings,
  source: Region,
  account: string,
): ReplicationRule[] {
  return REGIONS.flatMap((destination, place) => {
    const bucket = buckets.get(destination);
    if (destination === source || bucket === undefined) return [];
    return {
      id: replicationRuleId(destination),
      status: "Enabled",
      // The priority is the region's place in the list of all regions, so a new region in the settings does not change
      // the other rules.
      priority: place + 1,
      filter: { tag: { key: replicateTag(destination), value: "true" } },
      destination: { bucket: bucketArn(bucket), account },
      // A rule with a tag filter cannot replicate delete markers, and an expiry in one region must not delete the
      // replicas.
      deleteMarkerReplication: { status: "Disabled" },
    };
  });
}

/** The same rules, to add to the user's own. */
export const adoptedReplicationRules = (...bucket: Parameters<typeof replicationRules>): BucketRule[] =>
  replicationRules(...bucket).map(asBucketRule);
