import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity.js";
import {
  all,
  ComponentResource,
  type ComponentResourceOptions,
  type Output,
  type Resource,
} from "@pulumi/pulumi";
import { stagingEnvironmentComponent } from "../staging/components/staging-environment.ts";
import type { EnvironmentSettings } from "../staging/environment.ts";
import { bucketTags } from "../staging/ownership/names.ts";
import { type Adoptions, NO_ADOPTIONS } from "../staging/ownership/taken.ts";
import type { Region } from "../staging/regions.ts";
import { AdoptedBucket, type AdoptedBucketTransform } from "./adopted-bucket.ts";
import type { EnvironmentRefs } from "./environment-refs.ts";
import { RegionalBucket, type RegionalBucketTransform } from "./regional-bucket.ts";
import { ReplicationRules, type ReplicationRulesTransform } from "./replication-rules.ts";
import type { BucketGuard, StagingBucket } from "./staging-bucket.ts";
import { StagingTables, type StagingTablesTransform } from "./staging-tables.ts";

/** Transforms of the children of {@link StagingEnvironment}, by part. */
export interface StagingEnvironmentTransform {
  /** The buckets of all regions. @default none @example { bucket: { tags: { team: "genomics" } } } */
  buckets?: RegionalBucketTransform;
  /** The adopted buckets. @default none */
  adopted?: AdoptedBucketTransform;
  /** The replication between them. @default none */
  replication?: ReplicationRulesTransform;
  /** The tables. @default none @example { records: { deletionProtectionEnabled: true } } */
  tables?: StagingTablesTransform;
}

interface StagingEnvironmentArgs {
  /**
   * The regions and all names of the environment. @example parseEnvironmentSettings("dev", { regions: "us-east-1" })
   */
  settings: EnvironmentSettings;
  /** Resources that exist in AWS and not in the state. @default nothing */
  adoptions?: Adoptions;
  /** Transforms of the children. @default none */
  transform?: StagingEnvironmentTransform | undefined;
}

/**
 * The resources that the entries of an environment share: a bucket in each region, private or the user's own, with the lifecycle and
 * replication rules that entries select by tags; one role for the replication; and the tables.
 *
 * @example
 * const settings = parseEnvironmentSettings("dev", { cloud: "local", regions: ["us-east-1", "us-west-2"] });
 * new StagingEnvironment("dev", { settings });
 * @example
 * new StagingEnvironment("prod", {
 *   settings,
 *   transform: { buckets: { bucket: (_, options) => { options.protect = true; } } },
 * });
 */
export class StagingEnvironment extends ComponentResource {
  readonly settings: EnvironmentSettings;
  /** The bucket of each region. */
  readonly buckets: ReadonlyMap<Region, StagingBucket>;
  readonly replication: ReplicationRules;
  readonly tables: StagingTables;
  /** The account of the environment. */
  readonly accountId: Output<string>;
  /** ISO time, by region, from which the bucket is writable. */
  readonly writableAt: Output<Record<string, string>>;
  readonly #guards: ReadonlyMap<Region, BucketGuard>;

  constructor(
    name: string,
    args: StagingEnvironmentArgs,
    options?: ComponentResourceOptions,
    type: string = stagingEnvironmentComponent.type,
  ) {
    super(type, name, {}, options);
    const { settings, adoptions = NO_ADOPTIONS, transform = {} } = args;
    const parent = this;
    const accountId = getCallerIdentityOutput({}, { parent }).accountId;

    this.settings = settings;
    this.accountId = accountId;
    this.buckets = createBuckets();
    this.replication = createReplication(this.buckets);
    this.tables = createTables();
    this.#guards = createGuards(this.#settingsInForce());
    this.writableAt = writableAtOf(this.#guards);
    this.registerOutputs({
      buckets: Object.fromEntries(settings.buckets),
      writableAt: this.writableAt,
      tables: { records: settings.recordsTable, usage: settings.usageTable, sweeps: settings.sweepsTable },
      replicationRole: this.replication.role?.arn,
    });

    function createBuckets(): Map<Region, StagingBucket> {
      return new Map(
        [...settings.buckets].map(([region, bucket]) => [
          region,
          settings.adopted.has(region) ? adoptBucket(region, bucket) : createBucket(region, bucket),
        ]),
      );
    }

    function createBucket(region: Region, bucket: string): RegionalBucket {
      const { cloud, readers } = settings;
      const tags = bucketTags(settings);
      const own = { cloud, region, bucket, accountId, readers, tags, adopts: adoptions.buckets.has(bucket) };
      return new RegionalBucket(`${name}-${region}`, { ...own, transform: transform.buckets }, { parent });
    }

    function adoptBucket(region: Region, bucket: string): AdoptedBucket {
      const { cloud, readers } = settings;
      const own = { cloud, region, bucket, accountId, readers };
      return new AdoptedBucket(`${name}-${region}`, { ...own, transform: transform.adopted }, { parent });
    }

    function createReplication(buckets: ReadonlyMap<Region, StagingBucket>): ReplicationRules {
      const own = { settings, buckets, accountId, adoptsRole: adoptions.role };
      const changed = { ...own, transform: transform.replication };
      return new ReplicationRules(`${name}-replication`, changed, { parent });
    }

    function createTables(): StagingTables {
      const own = { settings, adopts: adoptions.tables, transform: transform.tables };
      return new StagingTables(`${name}-tables`, own, { parent });
    }

    // Each guard depends on the settings of all regions and on the tables: if one deletion fails, nothing else was
    // deleted.
    function createGuards(settings: readonly Resource[]): Map<Region, BucketGuard> {
      return new Map([...parent.buckets].map(([region, bucket]) => [region, bucket.guard(settings)]));
    }
  }

  /**
   * References for an entry in the same stack. The entry's data are created after the rules and tables, and deleted
   * before them and before the guards.
   */
  refs(): EnvironmentRefs {
    const guards = [...this.#guards.values()].map(({ resource }) => resource);
    const dependsOn = [...this.#settingsInForce(), ...guards];
    return { settings: this.settings, writableAt: this.writableAt, dependsOn };
  }

  /** Resources that entries depend on, in this stack or in their own. */
  #settingsInForce(): Resource[] {
    const { records, usage, sweeps } = this.tables;
    const ofBuckets = [...this.buckets.values()].flatMap(({ configuration }) => configuration);
    return [...ofBuckets, ...this.replication.configurations, records, usage, sweeps];
  }
}

function writableAtOf(guards: ReadonlyMap<Region, BucketGuard>): Output<Record<string, string>> {
  const times = [...guards].map(([region, { writableAt }]) => [region, writableAt] as const);
  return all(Object.fromEntries(times));
}
