import { Role, type RoleArgs } from "@pulumi/aws/iam/role.js";
import { RolePolicy, type RolePolicyArgs } from "@pulumi/aws/iam/rolePolicy.js";
import type { Bucket } from "@pulumi/aws/s3/bucket.js";
import {
  BucketReplicationConfig,
  type BucketReplicationConfigArgs,
} from "@pulumi/aws/s3/bucketReplicationConfig.js";
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  output,
  type Resource,
  type Unwrap,
} from "@pulumi/pulumi";
import { replicateTag, replicationRuleId } from "../staging/classes.ts";
import { ENVIRONMENT_TAG, type EnvironmentSettings, replicationRoleName } from "../staging/environment.ts";
import { REGIONS, type Region } from "../staging/regions.ts";
import { bucketArn } from "./bucket-policy.ts";
import { child, type Transform } from "./child.ts";
import type { RegionalBucket } from "./regional-bucket.ts";
import { replicationPermissions, replicationTrustPolicy } from "./replication-policy.ts";

type ReplicationRule = Unwrap<BucketReplicationConfigArgs["rules"]>[number];

/** Changes to the children of {@link ReplicationRules}. */
export interface ReplicationRulesTransform {
  /** The role that S3 replicates with. @default none @example { permissionsBoundary: "arn:aws:iam::…" } */
  role?: Transform<RoleArgs>;
  /** What the role may do. @default none */
  rolePolicy?: Transform<RolePolicyArgs>;
  /** Each bucket's replication configuration. @default none */
  configuration?: Transform<BucketReplicationConfigArgs>;
}

export interface ReplicationRulesArgs {
  /** The environment whose buckets replicate to each other. */
  settings: EnvironmentSettings;
  /** The bucket of each region of the environment. */
  buckets: ReadonlyMap<Region, RegionalBucket>;
  /** The account that owns the buckets. @example "123456789012" */
  accountId: Input<string>;
  /** Changes to the children. @default none */
  transform?: ReplicationRulesTransform;
}

/**
 * Replication between the buckets of an environment: in each bucket one rule towards every other region, which an
 * object joins by that region's tag. An environment of one region has nothing here.
 */
export class ReplicationRules extends ComponentResource {
  readonly role: Role | undefined;
  readonly configurations: readonly BucketReplicationConfig[];

  constructor(name: string, args: ReplicationRulesArgs, options?: ComponentResourceOptions) {
    super("spawn:index:ReplicationRules", name, {}, options);
    const { settings, buckets, transform = {} } = args;
    const parent = this;
    const versionings = [...buckets.values()].map(({ versioning }) => versioning);

    if (settings.regions.length > 1) {
      const role = createRole();
      const permissions = createRolePolicy(role);
      this.role = role;
      this.configurations = [...buckets].map(([region, { bucket }]) =>
        createConfiguration(region, bucket, role, [permissions, ...versionings]),
      );
    } else {
      this.configurations = [];
    }
    this.registerOutputs({ role: this.role?.arn });

    function createRole(): Role {
      const trust = output(args.accountId).apply((id) =>
        replicationTrustPolicy(settings.cloud === "aws" ? id : undefined),
      );
      const own: RoleArgs = {
        name: replicationRoleName(settings.name),
        description: `Replicates staged data between the buckets of ${settings.name}`,
        assumeRolePolicy: trust,
        tags: { [ENVIRONMENT_TAG]: settings.name },
      };
      return new Role(...child(transform.role, `${name}-role`, own, { parent }));
    }

    function createRolePolicy(role: Role): RolePolicy {
      const own: RolePolicyArgs = {
        name: "replicate",
        role: role.name,
        policy: replicationPermissions([...settings.buckets.values()]),
      };
      return new RolePolicy(...child(transform.rolePolicy, `${name}-role-policy`, own, { parent }));
    }

    // S3 takes a replication configuration only when versioning is enabled at both ends.
    function createConfiguration(
      region: Region,
      { bucket }: Bucket,
      role: Role,
      dependsOn: Resource[],
    ): BucketReplicationConfig {
      const own: BucketReplicationConfigArgs = {
        bucket,
        region,
        role: role.arn,
        rules: replicationRules(settings, region),
      };
      return new BucketReplicationConfig(
        ...child(transform.configuration, `${name}-${region}`, own, { parent, dependsOn }),
      );
    }
  }
}

/**
 * The replication rules of the bucket in `source`. A rule's priority is its region's place in {@link REGIONS}, so
 * another region in the settings leaves the other rules as they are.
 */
export function replicationRules(settings: EnvironmentSettings, source: Region): ReplicationRule[] {
  return REGIONS.flatMap((destination, place) => {
    const bucket = settings.buckets.get(destination);
    if (destination === source || bucket === undefined) return [];
    return {
      id: replicationRuleId(destination),
      status: "Enabled",
      priority: place + 1,
      filter: { tag: { key: replicateTag(destination), value: "true" } },
      destination: { bucket: bucketArn(bucket) },
      // With a tag as its filter a rule cannot replicate delete markers, and an expiry must not travel.
      deleteMarkerReplication: { status: "Disabled" },
    };
  });
}
