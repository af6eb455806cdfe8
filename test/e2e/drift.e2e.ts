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
import { bucketOf, DriftWorld, PRIMARY, SECOND } from "./support/drift-world.ts";
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
        await drift.isWhole();
      });
    });
  }
});
