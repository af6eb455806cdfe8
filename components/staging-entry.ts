import { TableItem, type TableItemArgs } from "@pulumi/aws/dynamodb/tableItem.js";
import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity.js";
import type { AccessPoint, AccessPointArgs } from "@pulumi/aws/s3/accessPoint.js";
import {
  all,
  ComponentResource,
  type ComponentResourceOptions,
  type Output,
  output,
  type ProviderResource,
  type Resource,
} from "@pulumi/pulumi";
import { maxTaggedDestinations } from "../staging/classes.ts";
import { stagingEntryComponent } from "../staging/components/staging-entry.ts";
import type { EntrySpec } from "../staging/entry.ts";
import { bucketOf } from "../staging/environment.ts";
import { omitUndefined } from "../staging/omit.ts";
import { bucketReaders, readersTagOf } from "../staging/readers.ts";
import { RECORD_KEY, recordItem } from "../staging/record.ts";
import type { Region } from "../staging/regions.ts";
import type { EntryGuardInputs } from "../staging/resources/entry-guard.ts";
import type { ExpirationInputs } from "../staging/resources/expiration.ts";
import type { ReplicationInputs } from "../staging/resources/replication.ts";
import type { StagedDataInputs } from "../staging/resources/staged-data.ts";
import type { UsageRowInputs } from "../staging/resources/usage-row.ts";
import { isS3Url } from "../staging/s3-url.ts";
import { accessPoint } from "./access-points.ts";
import { child, type Transform } from "./child.ts";
import {
  type AccessFacts,
  type EntryDetails,
  type ExpirationFacts,
  entryDetails,
  type ReplicaFacts,
  recordOf,
  type StagedFacts,
} from "./entry-details.ts";
import type { EnvironmentRefs } from "./environment-refs.ts";
import { EntryGuard, Expiration, type ProgramArgs, Replication, StagedData, UsageRow } from "./resources.ts";

/** Transforms of the children of {@link StagingEntry}; a function can distinguish regions by `args.region`. */
interface StagingEntryTransform {
  /** The data in the primary region. @default none @example (_, options) => { options.customTimeouts = { create: "6h" }; } */
  data?: Transform<ProgramArgs<StagedDataInputs>>;
  /** The replica of each other region. @default none @example (_, options) => { options.customTimeouts = { create: "6h" }; } */
  replication?: Transform<ProgramArgs<ReplicationInputs>>;
  /** The TTL class of the objects of each region. @default none */
  expiration?: Transform<ProgramArgs<ExpirationInputs>>;
  /** The access point in each region of a shared entry. @default none */
  accessPoint?: Transform<AccessPointArgs>;
  /** The row of the usage table. @default none */
  usage?: Transform<ProgramArgs<UsageRowInputs>>;
  /** The item of the records table. @default none */
  record?: Transform<TableItemArgs>;
  /** The guard, which refuses the deletion while a sweep reads the entry. @default none */
  guard?: Transform<ProgramArgs<EntryGuardInputs>>;
}

export interface StagingEntryArgs {
  /** @example parseEntrySpec(…) */
  spec: EntrySpec;
  /** The entry's environment. @example environment.refs(), in the environment's own stack */
  environment: EnvironmentRefs;
  /** The provider of the AWS resources, if the staging resources must not wait for its start. @default the component's */
  awsProvider?: ProviderResource;
  /** Whether the entry has a guard; those of version 0.1.0 have none. @default true */
  guarded?: boolean;
  /** Whether the entry has a record; one that has expired has none, because no reader may find it. @default true */
  recorded?: boolean;
  /** Transforms of the children. @default none */
  transform?: StagingEntryTransform | undefined;
}

/**
 * One dataset: uploaded to its primary region, replicated to the others, verified, and recorded. The record is
 * created last and deleted first, so a reader who finds the record finds the data. Only the guard surrounds it.
 *
 * @example
 * new StagingEntry(spec.id, { spec, environment: { settings } });
 * @example
 * const environment = new StagingEnvironment("dev", { settings });
 * new StagingEntry(spec.id, { spec, environment: environment.refs() });
 */
export class StagingEntry extends ComponentResource {
  readonly data: StagedData;
  /** The replica of each other region. */
  readonly replicas: ReadonlyMap<Region, Replication>;
  readonly expirations: ReadonlyMap<Region, Expiration>;
  /** By region, if the entry is shared with other accounts; otherwise empty. */
  readonly accessPoints: ReadonlyMap<Region, AccessPoint>;
  readonly usage: UsageRow;
  /** Undefined if the entry has expired. */
  readonly record: TableItem | undefined;
  /** Undefined if it has none. */
  readonly guard: EntryGuard | undefined;
  readonly details: Output<EntryDetails>;

  /**
   * @param type in URNs, if a program in any language declares it
   * @throws InputError if the environment has no bucket in one of the entry's regions
   */
  constructor(
    name: string,
    args: StagingEntryArgs,
    options?: ComponentResourceOptions,
    type: string = stagingEntryComponent.type,
  ) {
    super(type, name, {}, options);
    const { spec, environment, awsProvider, guarded = true, recorded = true, transform = {} } = args;
    const { settings } = environment;
    const parent = this;
    const ofAws = { parent, ...(awsProvider === undefined ? {} : { provider: awsProvider }) };
    const [primary, ...others] = spec.regions;
    const readersTag = readersTagOf(bucketReaders(spec.allowAccounts, settings.readers));
    const tagged = readersTag === undefined ? {} : { readersTag };
    // No rule may match the objects for regions beyond the tag limit, or for any region if the client copies.
    const byRule = spec.replication === "rule" ? others.slice(0, maxTaggedDestinations(readersTag)) : [];

    const timeout = spec.timeoutSeconds === undefined ? {} : { timeoutSeconds: spec.timeoutSeconds };

    this.data = createData();
    const facts = factsOf(this.data);
    this.replicas = new Map(others.map((region) => [region, createReplica(region, this.data)]));
    this.expirations = new Map(spec.regions.map((region) => [region, createExpiration(region, this)]));
    const verified = [this.data, ...this.replicas.values(), ...this.expirations.values()];
    this.accessPoints = createAccessPoints(verified);
    this.usage = createUsage(this.data);
    const access = output(byRegion(this.accessPoints, accessFacts));
    const complete = [...verified, ...this.accessPoints.values(), this.usage];
    this.record = recorded ? createRecord(facts, access, complete) : undefined;
    this.guard = guarded ? createGuard(this) : undefined;
    this.details = output({
      data: facts,
      replicas: byRegion(this.replicas, replicaFacts),
      expirations: byRegion(this.expirations, expirationFacts),
      access,
    }).apply((known) => entryDetails(spec, settings, known));
    // The stack's next program finds the entry of a renamed item by its source.
    const { canonical: declaredSource, relative: relativeSource } = spec.declaredSource ?? {};
    const origin = omitUndefined({ declaredSource, relativeSource });
    // After the guard: an entry in the state that has outputs and no guard is one of version 0.1.0.
    const made = all([this.details, this.guard?.urn]);
    this.registerOutputs(made.apply(([known]) => ({ ...known, ...origin })));

    function createData(): StagedData {
      const own: ProgramArgs<StagedDataInputs> = {
        stagingId: spec.id,
        source: spec.source,
        ...(spec.filename === undefined ? {} : { name: spec.filename }),
        ...(spec.exclude.length > 0 ? { exclude: [...spec.exclude] } : {}),
        ...(spec.followLinks === true ? { followLinks: true } : {}),
        ...(spec.noSha256 ? { noSha256: true } : {}),
        ...(spec.multipart === true ? { multipart: true } : {}),
        ...(spec.requestPayer === true ? { requestPayer: true } : {}),
        ...(spec.bandwidthLimit === undefined ? {} : { bandwidthLimit: spec.bandwidthLimit }),
        ...(isS3Url(spec.source) ? { environmentBuckets: [...settings.buckets.values()] } : {}),
        ...timeout,
        region: primary,
        bucket: bucketOf(settings, primary),
        replicateTo: [...byRule],
        ...(others.length > 0 ? { replicaRegions: [...others] } : {}),
        // The ID of a declared entry is not random, so another stack may have it.
        ...(spec.declaredAs === undefined
          ? {}
          : { recordsTable: settings.recordsTable, recordsRegion: settings.tableRegion }),
        ...(spec.sha256 === undefined ? {} : { expectedSha256: spec.sha256 }),
        ttlDays: spec.ttl,
        ...tagged,
        ...writableAt(primary),
      };
      const dependsOn = environment.dependsOn ?? [];
      return new StagedData(...child(transform.data, `${spec.id}-data`, own, { parent, dependsOn }));
    }

    function createReplica(region: Region, data: StagedData): Replication {
      const own: ProgramArgs<ReplicationInputs> = {
        stagingId: spec.id,
        sourceRegion: primary,
        sourceBucket: bucketOf(settings, primary),
        region,
        bucket: bucketOf(settings, region),
        method: byRule.includes(region) ? "rule" : "copy",
        ...timeout,
        key: data.key,
        kind: data.kind,
        sizeBytes: data.sizeBytes,
        fileCount: data.fileCount,
        sha256: data.sha256,
        manifestKey: data.manifestKey,
        manifestSha256: data.manifestSha256,
        usageTable: settings.usageTable,
        usageRegion: settings.tableRegion,
        uploadedAt: data.uploadedAt,
        ttlDays: spec.ttl,
        ...writableAt(region),
      };
      return new Replication(
        ...child(transform.replication, `${spec.id}-replica-${region}`, own, { parent }),
      );
    }

    // After the replica, because only an existing object can get its TTL class.
    function createExpiration(region: Region, { data, replicas }: StagingEntry): Expiration {
      const own: ProgramArgs<ExpirationInputs> = {
        stagingId: spec.id,
        region,
        bucket: bucketOf(settings, region),
        ttlDays: spec.ttl,
        ...tagged,
        uploadedAt: data.uploadedAt,
        manifestSha256: data.manifestSha256,
        usageTable: settings.usageTable,
        usageRegion: settings.tableRegion,
      };
      const dependsOn = [replicas.get(region) ?? data];
      return new Expiration(
        ...child(transform.expiration, `${spec.id}-expiration-${region}`, own, { parent, dependsOn }),
      );
    }

    // Other accounts can read only after every region is verified, and not during a deletion.
    function createAccessPoints(dependsOn: Resource[]): Map<Region, AccessPoint> {
      const { id: stagingId, allowAccounts: accounts } = spec;
      if (accounts.length === 0) return new Map();
      const owner = getCallerIdentityOutput({}, ofAws).accountId;
      const create = (region: Region): AccessPoint => {
        const bucket = bucketOf(settings, region);
        const options = { ...ofAws, dependsOn };
        const { namePrefix, cloud } = settings;
        const shared = { namePrefix, cloud, stagingId, region, accounts };
        return accessPoint(shared, bucket, owner, transform.accessPoint, options);
      };
      return new Map(spec.regions.map((region) => [region, create(region)]));
    }

    function createUsage(data: StagedData): UsageRow {
      const own: ProgramArgs<UsageRowInputs> = {
        table: settings.usageTable,
        region: settings.tableRegion,
        stagingId: spec.id,
        filename: data.filename,
        sizeBytes: data.sizeBytes,
        fileCount: data.fileCount,
        regions: [...spec.regions],
        uploadedAt: data.uploadedAt,
        ttlDays: spec.ttl,
        recordsTable: settings.recordsTable,
        ...(spec.sweepId === undefined ? {} : { sweepId: spec.sweepId }),
      };
      return new UsageRow(...child(transform.usage, `${spec.id}-usage`, own, { parent }));
    }

    function createRecord(
      data: Output<StagedFacts>,
      access: Output<Readonly<Record<string, AccessFacts>>>,
      dependsOn: Resource[],
    ): TableItem {
      const own: TableItemArgs = {
        tableName: settings.recordsTable,
        region: settings.tableRegion,
        hashKey: RECORD_KEY,
        item: all([data, access]).apply(([known, points]) =>
          JSON.stringify(recordItem(recordOf(spec, settings, known, points))),
        ),
      };
      return new TableItem(...child(transform.record, `${spec.id}-record`, own, { ...ofAws, dependsOn }));
    }

    function createGuard(entry: StagingEntry): EntryGuard {
      const { data, replicas, expirations, accessPoints, usage, record } = entry;
      const own: ProgramArgs<EntryGuardInputs> = {
        stagingId: spec.id,
        table: settings.sweepsTable,
        region: settings.tableRegion,
        environment: settings.name,
      };
      const parts = [...replicas.values(), ...expirations.values(), ...accessPoints.values()];
      const dependsOn = [data, ...parts, usage, ...(record === undefined ? [] : [record])];
      return new EntryGuard(...child(transform.guard, `${spec.id}-guard`, own, { parent, dependsOn }));
    }

    function writableAt(region: Region): Pick<ProgramArgs<StagedDataInputs>, "writableAt"> {
      if (environment.writableAt === undefined) return {};
      return { writableAt: output(environment.writableAt).apply((times) => times[region]) };
    }
  }
}

function factsOf(data: StagedData): Output<StagedFacts> {
  const { filename, kind, key, sizeBytes, fileCount, sha256 } = data;
  const { manifestKey, manifestSha256, partSizeBytes, uploadedAt } = data;
  return output({
    ...{ filename, kind, key, sizeBytes, fileCount, sha256 },
    ...{ manifestKey, manifestSha256, partSizeBytes, uploadedAt },
  });
}

function byRegion<R, F>(resources: ReadonlyMap<Region, R>, facts: (resource: R) => F): Record<string, F> {
  return Object.fromEntries([...resources].map(([region, resource]) => [region, facts(resource)]));
}

function replicaFacts(replica: Replication): Output<ReplicaFacts> {
  const { ruleId, via, objects, seconds, verifiedBy } = replica;
  return output({ ruleId, via, objects, seconds, verifiedBy });
}

function expirationFacts({ ruleId, removedAt }: Expiration): Output<ExpirationFacts> {
  return output({ ruleId, removedAt });
}

function accessFacts({ arn, alias }: AccessPoint): Output<AccessFacts> {
  return output({ arn, alias });
}
