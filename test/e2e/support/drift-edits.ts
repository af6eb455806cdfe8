import {
  DeleteBucketLifecycleCommand,
  DeleteBucketOwnershipControlsCommand,
  DeleteBucketPolicyCommand,
  DeleteBucketReplicationCommand,
  DeletePublicAccessBlockCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
} from "@aws-sdk/client-s3";
import type { Damage } from "./drift-damage.ts";
import { bucketOf, type DriftEntry, PRIMARY, SECOND, TABLES } from "./drift-world.ts";

/** One manual change of an environment. */
interface Edit {
  readonly what: string;
  readonly by: (damage: Damage) => Promise<unknown>;
  /** The refresh of the environment's stack reports it so: the operation and the resource's name. */
  readonly shows: readonly string[];
  /** The text of `environment status` about it. Absent: status does not check this. */
  readonly status?: string;
}

const disable = <R extends { Status: unknown }>(rule: R) => ({ ...rule, Status: "Disabled" as const });

export const SETTINGS: readonly Edit[] = [
  {
    what: "lifecycle rules are given other days, disabled and removed",
    by: (damage) =>
      damage.editLifecycle(PRIMARY, (rule) => {
        if (rule.ID === "spawn-ttl-5") return [{ ...rule, Expiration: { Days: 50 } }];
        if (rule.ID === "spawn-ttl-6") return [disable(rule)];
        return rule.ID === "spawn-ttl-7" ? [] : [rule];
      }),
    shows: ["update drift-us-east-1-lifecycle"],
    status: "lifecycle rule spawn-ttl-5 (and 2 more)",
  },
  {
    what: "a lifecycle configuration is deleted",
    by: (damage) => damage.s3(SECOND).send(new DeleteBucketLifecycleCommand({ Bucket: bucketOf(SECOND) })),
    shows: ["delete drift-eu-west-1-lifecycle"],
    status: "lifecycle, replication rule spawn-replicate-us-east-1 of the bucket e2e-drift-eu-west-1",
  },
  {
    what: "a replication rule is disabled",
    by: (damage) => damage.editReplication(PRIMARY, disable),
    shows: ["update drift-replication-us-east-1"],
    status: "replication rule spawn-replicate-eu-west-1 of the bucket e2e-drift-us-east-1",
  },
  {
    what: "a replication rule gets another destination",
    by: (damage) =>
      damage.editReplication(SECOND, (rule) => ({
        ...rule,
        Destination: { Bucket: "arn:aws:s3:::spawn-staging-us-west-2" },
      })),
    shows: ["update drift-replication-eu-west-1"],
    status: "replication rule spawn-replicate-us-east-1",
  },
  {
    what: "versioning is suspended",
    by: (damage) =>
      damage.s3(SECOND).send(
        new PutBucketVersioningCommand({
          Bucket: bucketOf(SECOND),
          VersioningConfiguration: { Status: "Suspended" },
        }),
      ),
    shows: ["update drift-eu-west-1-versioning"],
    status: "the versioning, ",
  },
  {
    what: "a bucket policy lets a stranger in",
    by: (damage) => damage.openBucket(PRIMARY),
    shows: ["update drift-us-east-1-policy"],
  },
  {
    what: "a public access block is weakened",
    by: (damage) =>
      damage.s3(SECOND).send(
        new PutPublicAccessBlockCommand({
          Bucket: bucketOf(SECOND),
          PublicAccessBlockConfiguration: { BlockPublicAcls: true, IgnorePublicAcls: true },
        }),
      ),
    shows: ["update drift-eu-west-1-public-access"],
  },
  {
    what: "the policy of the replication role is edited",
    by: (damage) => damage.editRolePolicy(),
    shows: ["update drift-replication-role-policy"],
  },
];

export const REMOVED_SETTINGS: readonly Edit[] = [
  {
    what: "a replication configuration is deleted",
    by: (damage) =>
      damage.s3(PRIMARY).send(new DeleteBucketReplicationCommand({ Bucket: bucketOf(PRIMARY) })),
    shows: ["delete drift-replication-us-east-1"],
    status: "the replication of the bucket e2e-drift-us-east-1",
  },
  {
    what: "the replication role is deleted",
    by: (damage) => damage.deleteRole(),
    shows: ["delete drift-replication-role", "delete drift-replication-role-policy"],
    status: "the role spawn-replication-drift",
  },
  {
    what: "a bucket policy is deleted",
    by: (damage) => damage.s3(SECOND).send(new DeleteBucketPolicyCommand({ Bucket: bucketOf(SECOND) })),
    shows: ["delete drift-eu-west-1-policy"],
  },
  {
    what: "a public access block is removed",
    by: (damage) =>
      damage.s3(PRIMARY).send(new DeletePublicAccessBlockCommand({ Bucket: bucketOf(PRIMARY) })),
    shows: ["delete drift-us-east-1-public-access"],
  },
  {
    what: "the ownership of objects is removed",
    by: (damage) =>
      damage.s3(PRIMARY).send(new DeleteBucketOwnershipControlsCommand({ Bucket: bucketOf(PRIMARY) })),
    shows: ["delete drift-us-east-1-ownership"],
  },
];

type Name = "genome" | "tree" | "cells" | "reads";

/** One manual change of an entry's resources. */
export interface EntryEdit {
  readonly what: string;
  readonly of: Name;
  readonly by: (damage: Damage, entry: DriftEntry) => Promise<unknown>;
  /** A refresh reports it so, without the entry's ID in the names. */
  readonly shows: readonly string[];
  /** The text of `stage info --verify` about it. */
  readonly info: string;
}

const fileOf = ({ files }: DriftEntry, at = 0): string => [...files.keys()][at] ?? "";
const daysTag = ({ id }: DriftEntry, days: string) => ({ StagingID: id, "spawn:ttl-days": days });

const overwritten = (of: Name, region: string, resource: string): EntryEdit => ({
  what: `the data in ${region} are overwritten by as many other bytes, which have no tags`,
  of,
  by: (damage, entry) => damage.overwrite(region, fileOf(entry), 20_000),
  shows: [`update ${resource}`, `update expiration-${region}`],
  info: `different in ${region}`,
});

const hidden = (of: Name, at: number): EntryEdit => ({
  what: "an object of the primary region is deleted, and its versions stay",
  of,
  by: (damage, entry) => damage.hide(PRIMARY, fileOf(entry, at)),
  shows: ["update data"],
  info: "missing in us-east-1",
});

const retagged = (of: Name, region: string, at: number, days: string | undefined): EntryEdit => ({
  what: days === undefined ? "the tags are removed" : "the TTL tag is changed",
  of,
  by: (damage, entry) =>
    damage.retag(region, fileOf(entry, at), days === undefined ? {} : daysTag(entry, days)),
  shows: [`update expiration-${region}`],
  info: `the TTL tag in ${region} was changed`,
});

const opened = (of: Name, region: string): EntryEdit => ({
  what: "the policy of an access point lets a stranger in",
  of,
  by: (damage, { id }) => damage.openAccessPoint(region, id),
  shows: [`update access-${region}`],
  info: `the access point in ${region} was changed`,
});

const withoutAccessPoint = (of: Name): EntryEdit => ({
  what: "an access point is deleted",
  of,
  by: (damage, { id }) => damage.deleteAccessPoint(SECOND, id),
  shows: ["delete access-eu-west-1"],
  info: "the access point in eu-west-1 is gone",
});

const withoutUsageRow = (of: Name): EntryEdit => ({
  what: "a usage row is deleted",
  of,
  by: (damage, { id }) => damage.deleteItem(TABLES.usage, id),
  shows: ["delete usage"],
  info: "the usage row is gone",
});

const changedItem = (of: Name, table: "records" | "usage", title: string): EntryEdit => ({
  what: `a ${title} is changed`,
  of,
  by: (damage, { id }) => damage.extendItem(TABLES[table], id),
  shows: [`update ${table === "records" ? "record" : "usage"}`],
  info: `the ${title} was changed`,
});

/** The first changes of each entry. */
export const DATA: readonly EntryEdit[] = [
  overwritten("genome", SECOND, "replica-eu-west-1"),
  retagged("genome", PRIMARY, 0, "80"),
  withoutUsageRow("genome"),
  opened("genome", PRIMARY),
  hidden("tree", 1),
  changedItem("tree", "records", "record"),
  overwritten("cells", SECOND, "replica-eu-west-1"),
  retagged("cells", PRIMARY, 0, undefined),
  withoutUsageRow("cells"),
  withoutAccessPoint("cells"),
  {
    what: "every version of an object of a replica is deleted",
    of: "reads",
    by: (damage, entry) => damage.erase(SECOND, fileOf(entry, 2)),
    shows: ["update replica-eu-west-1"],
    info: "missing in eu-west-1",
  },
  changedItem("reads", "records", "record"),
];

/** Further changes of each entry, after the repair of the first ones. */
export const MORE_DATA: readonly EntryEdit[] = [
  {
    what: "all of the primary region is deleted, with every version",
    of: "genome",
    by: (damage, { id }) => damage.erase(PRIMARY, `${id}/`),
    shows: ["update data", "delete expiration-us-east-1"],
    info: "missing in us-east-1",
  },
  withoutAccessPoint("genome"),
  {
    what: "all of a replica is deleted, and its versions stay",
    of: "tree",
    by: async (damage, { id, files }) => {
      for (const key of [...files.keys(), `${id}/.spawn-manifest.jsonl`]) await damage.hide(SECOND, key);
    },
    shows: ["delete replica-eu-west-1", "delete expiration-eu-west-1"],
    info: "missing in eu-west-1",
  },
  changedItem("tree", "usage", "usage row"),
  overwritten("cells", PRIMARY, "data"),
  opened("cells", SECOND),
  hidden("reads", 0),
  retagged("reads", SECOND, 1, "1"),
];
