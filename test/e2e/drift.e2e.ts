import { rm } from "node:fs/promises";
import { join } from "node:path";
import {
  DeleteBucketLifecycleCommand,
  DeleteBucketOwnershipControlsCommand,
  DeleteBucketPolicyCommand,
  DeleteBucketReplicationCommand,
  DeletePublicAccessBlockCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { Damage } from "./support/drift-damage.ts";
import { bucketOf, type DriftEntry, DriftWorld, PRIMARY, SECOND, TABLES } from "./support/drift-world.ts";
import { succeed } from "./support/process.ts";

/** One change that somebody makes by hand. */
interface Row {
  readonly what: string;
  readonly by: () => Promise<unknown>;
  /** What a refresh of the environment's stack says to it: the operation, and the name of the resource. */
  readonly shows: readonly string[];
  /** What `environment status` says to it. Absent: it does not look at this. */
  readonly status?: string;
}

describe("What is changed by hand", function () {
  this.timeout(240_000);
  let drift: DriftWorld;
  let damage: Damage;

  before(async () => {
    drift = await DriftWorld.make();
    damage = new Damage(drift.aws);
  });
  after(() => damage?.close());

  const disable = <R extends { Status: unknown }>(rule: R) => ({ ...rule, Status: "Disabled" as const });

  const SETTINGS: readonly Row[] = [
    {
      what: "lifecycle rules are given other days, disabled and removed",
      by: () =>
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
      by: () => damage.s3(SECOND).send(new DeleteBucketLifecycleCommand({ Bucket: bucketOf(SECOND) })),
      shows: ["delete drift-eu-west-1-lifecycle"],
      status: "lifecycle, replication rule spawn-replicate-us-east-1 of the bucket e2e-drift-eu-west-1",
    },
    {
      what: "a replication rule is disabled",
      by: () => damage.editReplication(PRIMARY, disable),
      shows: ["update drift-replication-us-east-1"],
      status: "replication rule spawn-replicate-eu-west-1 of the bucket e2e-drift-us-east-1",
    },
    {
      what: "a replication rule gets another destination",
      by: () =>
        damage.editReplication(SECOND, (rule) => ({
          ...rule,
          Destination: { Bucket: "arn:aws:s3:::spawn-staging-us-west-2" },
        })),
      shows: ["update drift-replication-eu-west-1"],
      status: "replication rule spawn-replicate-us-east-1",
    },
    {
      what: "versioning is suspended",
      by: () =>
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
      by: () => damage.openBucket(PRIMARY),
      shows: ["update drift-us-east-1-policy"],
    },
    {
      what: "a public access block is weakened",
      by: () =>
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
      by: () => damage.editRolePolicy(),
      shows: ["update drift-replication-role-policy"],
    },
  ];

  const REMOVED_SETTINGS: readonly Row[] = [
    {
      what: "a replication configuration is deleted",
      by: () => damage.s3(PRIMARY).send(new DeleteBucketReplicationCommand({ Bucket: bucketOf(PRIMARY) })),
      shows: ["delete drift-replication-us-east-1"],
      status: "the replication of the bucket e2e-drift-us-east-1",
    },
    {
      what: "the replication role is deleted",
      by: () => damage.deleteRole(),
      shows: ["delete drift-replication-role", "delete drift-replication-role-policy"],
      status: "the role spawn-replication-drift",
    },
    {
      what: "a bucket policy is deleted",
      by: () => damage.s3(SECOND).send(new DeleteBucketPolicyCommand({ Bucket: bucketOf(SECOND) })),
      shows: ["delete drift-eu-west-1-policy"],
    },
    {
      what: "a public access block is removed",
      by: () => damage.s3(PRIMARY).send(new DeletePublicAccessBlockCommand({ Bucket: bucketOf(PRIMARY) })),
      shows: ["delete drift-us-east-1-public-access"],
    },
    {
      what: "the ownership of objects is removed",
      by: () =>
        damage.s3(PRIMARY).send(new DeleteBucketOwnershipControlsCommand({ Bucket: bucketOf(PRIMARY) })),
      shows: ["delete drift-us-east-1-ownership"],
    },
  ];

  for (const { title, rows, repair } of [
    { title: "in the buckets' settings", rows: SETTINGS, repair: () => drift.environment("up") },
    {
      title: "by removing settings",
      rows: REMOVED_SETTINGS,
      repair: () => drift.up("drift"),
    },
  ]) {
    describe(title, () => {
      before(async () => {
        for (const { by } of rows) await by();
      });

      it("is shown by a refresh", async () => {
        const { changes } = await drift.refresh("drift");
        for (const { what, shows } of rows) expect(changes, what).to.include.members([...shows]);
        expect(changes).to.deep.equal(rows.flatMap(({ shows }) => shows).sort());
      });

      it("is shown by environment status and preview, and refused by upload", async () => {
        const { code, stdout } = await drift.environment("status");
        expect(code).to.equal(1);
        for (const { what, status } of rows)
          if (status !== undefined) expect(stdout, what).to.contain(status);
        const preview = await succeed(drift.environment("preview"));
        for (const { what, shows } of rows) {
          for (const name of shows.map((shown) => shown.replace(/^\w+ /, "")))
            expect(preview.stdout, what).to.match(new RegExp(`^(create|update) +\\S+ ${name}$`, "m"));
        }
        expect(preview.stdout).to.not.match(/^(refresh|delete|replace)/m);
        const upload = await drift.stage("upload", "./cells.bin", "--regions", PRIMARY);
        expect(upload).to.include({ code: 2, stdout: "" });
        expect(upload.stderr).to.contain("environment drift is not whole");
      });

      it("is repaired", async () => {
        await succeed(repair());
        await drift.isUp();
      });
    });
  }

  /** One change to what belongs to an entry. */
  interface EntryRow {
    readonly what: string;
    readonly of: "genome" | "tree" | "cells" | "reads";
    readonly by: (entry: DriftEntry) => Promise<unknown>;
    /** What a refresh says to it, without the entry's id in the names. */
    readonly shows: readonly string[];
    /** What `stage info --verify` says to it. */
    readonly info: string;
  }

  const fileOf = ({ files }: DriftEntry, at = 0): string => [...files.keys()][at] ?? "";
  const wrongTag = ({ id }: DriftEntry, days: string) => ({ StagingID: id, "spawn:ttl-days": days });

  const DATA: readonly EntryRow[] = [
    {
      what: "a replica is overwritten by as many other bytes, which have no tags",
      of: "genome",
      by: (entry) => damage.overwrite(SECOND, fileOf(entry), 20_000),
      shows: ["update replica-eu-west-1", "update expiration-eu-west-1"],
      info: "different in eu-west-1",
    },
    {
      what: "the TTL tag is changed",
      of: "genome",
      by: (entry) => damage.retag(PRIMARY, fileOf(entry), wrongTag(entry, "80")),
      shows: ["update expiration-us-east-1"],
      info: "the TTL tag in us-east-1 was changed",
    },
    {
      what: "a usage row is deleted",
      of: "genome",
      by: ({ id }) => damage.deleteItem(TABLES.usage, id),
      shows: ["delete usage"],
      info: "the usage row is gone",
    },
    {
      what: "the policy of an access point lets a stranger in",
      of: "genome",
      by: ({ id }) => damage.openAccessPoint(PRIMARY, id),
      shows: ["update access-us-east-1"],
      info: "the access point in us-east-1 was changed",
    },
    {
      what: "an object of the primary region is deleted, and its versions stay",
      of: "tree",
      by: (entry) => damage.hide(PRIMARY, fileOf(entry, 1)),
      shows: ["update data"],
      info: "missing in us-east-1",
    },
    {
      what: "a record is changed",
      of: "tree",
      by: ({ id }) => damage.extendItem(TABLES.records, id),
      shows: ["update record"],
      info: "the record was changed",
    },
    {
      what: "a replica is overwritten by as many other bytes, which have no tags",
      of: "cells",
      by: (entry) => damage.overwrite(SECOND, fileOf(entry), 20_000),
      shows: ["update replica-eu-west-1", "update expiration-eu-west-1"],
      info: "different in eu-west-1",
    },
    {
      what: "the tags are removed",
      of: "cells",
      by: (entry) => damage.retag(PRIMARY, fileOf(entry), {}),
      shows: ["update expiration-us-east-1"],
      info: "the TTL tag in us-east-1 was changed",
    },
    {
      what: "a usage row is deleted",
      of: "cells",
      by: ({ id }) => damage.deleteItem(TABLES.usage, id),
      shows: ["delete usage"],
      info: "the usage row is gone",
    },
    {
      what: "an access point is deleted",
      of: "cells",
      by: ({ id }) => damage.deleteAccessPoint(SECOND, id),
      shows: ["delete access-eu-west-1"],
      info: "the access point in eu-west-1 is gone",
    },
    {
      what: "every version of an object of a replica is deleted",
      of: "reads",
      by: (entry) => damage.erase(SECOND, fileOf(entry, 2)),
      shows: ["update replica-eu-west-1"],
      info: "missing in eu-west-1",
    },
    {
      what: "a record is changed",
      of: "reads",
      by: ({ id }) => damage.extendItem(TABLES.records, id),
      shows: ["update record"],
      info: "the record was changed",
    },
  ];

  const MORE_DATA: readonly EntryRow[] = [
    {
      what: "all of the primary region is deleted, with every version",
      of: "genome",
      by: ({ id }) => damage.erase(PRIMARY, `${id}/`),
      shows: ["update data", "delete expiration-us-east-1"],
      info: "missing in us-east-1",
    },
    {
      what: "an access point is deleted",
      of: "genome",
      by: ({ id }) => damage.deleteAccessPoint(SECOND, id),
      shows: ["delete access-eu-west-1"],
      info: "the access point in eu-west-1 is gone",
    },
    {
      what: "all of a replica is deleted, and its versions stay",
      of: "tree",
      by: async ({ id, files }) => {
        for (const key of [...files.keys(), `${id}/.spawn-manifest.jsonl`]) await damage.hide(SECOND, key);
      },
      shows: ["delete replica-eu-west-1", "delete expiration-eu-west-1"],
      info: "missing in eu-west-1",
    },
    {
      what: "a usage row is changed",
      of: "tree",
      by: ({ id }) => damage.extendItem(TABLES.usage, id),
      shows: ["update usage"],
      info: "the usage row was changed",
    },
    {
      what: "the primary region is overwritten by as many other bytes, which have no tags",
      of: "cells",
      by: (entry) => damage.overwrite(PRIMARY, fileOf(entry), 20_000),
      shows: ["update data", "update expiration-us-east-1"],
      info: "different in us-east-1",
    },
    {
      what: "the policy of an access point lets a stranger in",
      of: "cells",
      by: ({ id }) => damage.openAccessPoint(SECOND, id),
      shows: ["update access-eu-west-1"],
      info: "the access point in eu-west-1 was changed",
    },
    {
      what: "an object of the primary region is deleted, and its versions stay",
      of: "reads",
      by: (entry) => damage.hide(PRIMARY, fileOf(entry)),
      shows: ["update data"],
      info: "missing in us-east-1",
    },
    {
      what: "a TTL tag is changed",
      of: "reads",
      by: (entry) => damage.retag(SECOND, fileOf(entry, 1), wrongTag(entry, "1")),
      shows: ["update expiration-eu-west-1"],
      info: "the TTL tag in eu-west-1 was changed",
    },
  ];

  /** What a refresh of a stack is to show, by the rows that concern it. */
  const shownIn = (rows: readonly EntryRow[], stack: string): string[] =>
    rows
      .filter(({ of }) => drift[of].stack === stack)
      .flatMap(({ of, shows }) => shows.map((shown) => shown.replace(" ", ` ${drift[of].id}-`)))
      .sort();

  const stacks = (): string[] => [...new Set(drift.entries.map(({ stack }) => stack))];

  /** Repairs each entry by the command that names it. */
  const repairOwn = async (): Promise<void> => {
    for (const { id } of [drift.cells, drift.reads]) await succeed(drift.stage("repair", id));
  };

  for (const { title, rows, repair } of [
    {
      title: "of entries, in one region",
      rows: DATA,
      repair: async () => {
        await succeed(drift.environment("up"));
        await repairOwn();
      },
    },
    {
      title: "of entries, in the other region",
      rows: MORE_DATA,
      repair: async () => {
        for (const stack of stacks()) await drift.up(stack);
      },
    },
  ]) {
    describe(title, () => {
      before(async () => {
        for (const { of, by } of rows) await by(drift[of]);
      });

      it("is shown by a refresh", async () => {
        for (const stack of stacks()) {
          const { changes } = await drift.refresh(stack);
          expect(changes, stack).to.deep.equal(shownIn(rows, stack));
        }
      });

      it("is shown by info --verify, which fails", async () => {
        for (const entry of drift.entries) {
          const { code, stderr } = await drift.stage("info", entry.id, "--verify");
          expect(code).to.equal(1);
          for (const { what, of, info } of rows)
            if (drift[of] === entry) expect(stderr, what).to.contain(info);
        }
      });

      it("is not confirmed by any other command", async () => {
        const listed = await drift.stage("list", "--verify");
        expect(listed.code).to.equal(1);
        expect(listed.stdout).to.not.match(/ whole$/m);
        for (const { id } of drift.entries) {
          for (const args of [
            ["resume", id],
            ["update", id, "--ttl", "5"],
          ]) {
            const { code, stdout, stderr } = await drift.stage(...args);
            expect({ args, failed: code !== 0, stdout }).to.deep.equal({ args, failed: true, stdout: "" });
            expect(stderr).to.not.match(/is whole|Nothing to change/);
          }
        }
      });

      it("is repaired", async () => {
        await repair();
        await drift.isWhole();
      });
    });
  }

  it("is repaired, too, where a refresh has already forgotten the record", async () => {
    const { id, stack } = drift.reads;
    await damage.deleteItem(TABLES.records, id);
    for (const command of ["info", "update"]) {
      const { code, stderr } = await drift.stage(
        command,
        id,
        ...(command === "update" ? ["--ttl", "5"] : []),
      );
      expect(code).to.equal(2);
      expect(stderr).to.contain(`Fix: spawn stage repair ${id} --environment drift\n`);
    }
    await succeed(drift.world.pulumi(`pulumi refresh -s ${stack} --yes --skip-preview --non-interactive`));
    expect((await succeed(drift.stage("repair", id))).stdout).to.equal("Put right: the record\n");
    await drift.isWhole();
  });

  for (const { title, by, missing, repair } of [
    {
      title: "by deleting every table and the bucket of a region",
      by: async () => {
        await damage.deleteTables();
        await damage.deleteBucket(SECOND, [drift.genome.id, drift.cells.id]);
      },
      missing: [...Object.values(TABLES), bucketOf(SECOND)],
      repair: () => drift.environment("up"),
    },
    {
      title: "by deleting the bucket of the primary region",
      by: () => damage.deleteBucket(PRIMARY, [drift.genome.id, drift.cells.id]),
      missing: [bucketOf(PRIMARY)],
      repair: () => drift.up("drift"),
    },
  ]) {
    describe(title, () => {
      before(() => by());

      it("is shown by a refresh and by status", async () => {
        for (const stack of stacks()) {
          const { changes } = await drift.refresh(stack);
          expect(changes, stack).to.not.deep.equal([]);
        }
        const { code, stdout } = await drift.environment("status");
        expect(code).to.equal(1);
        for (const name of missing) expect(stdout).to.match(new RegExp(` ${name} +missing$`, "m"));
      });

      it("is not confirmed by any command", async () => {
        const { id } = drift.cells;
        const commands = [
          ["info", id],
          ["list", "--verify"],
          ["resume", id],
          ["update", id, "--ttl", "5"],
          ["upload", "./cells.bin", "--reuse", "--regions", `${PRIMARY},${SECOND}`],
        ];
        for (const args of commands) {
          const { code } = await drift.stage(...args);
          expect({ args, failed: code !== 0 }).to.deep.equal({ args, failed: true });
        }
        await rm(join(drift.world.folder, "out"), { force: true });
        const download = await drift.stage(
          "download",
          id,
          "out",
          "--region",
          missing.includes(bucketOf(PRIMARY)) ? PRIMARY : SECOND,
        );
        expect(download.code).to.not.equal(0);
      });

      it("is repaired, entry by entry", async () => {
        await succeed(repair());
        const listed = await drift.stage("list", "--verify");
        expect(listed.stdout).to.not.match(new RegExp(`^${drift.cells.id} .* whole$`, "m"));
        await repairOwn();
        await drift.isWhole();
      });
    });
  }
});
