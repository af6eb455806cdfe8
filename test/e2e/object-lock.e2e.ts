import {
  CreateBucketCommand,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import type { Aws } from "./support/aws.ts";
import { succeed } from "./support/process.ts";
import { randomFile, sharedWorld, type World } from "./support/world.ts";

const REGION = "us-east-1";
const Bucket = "e2e-locked-by-the-user";
const HERE = ["--environment", "locked"];

describe("A bucket with S3 Object Lock", () => {
  let world: World;
  let aws: Aws;

  before(async () => {
    world = await sharedWorld();
    aws = await world.aws();
    await world.writeFile("locked.dat", randomFile(100_000));
    await aws.s3(REGION).send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
    await world.writeProjectFile(
      "Pulumi.locked.yaml",
      [
        "config:",
        "  spawn:cloud: local",
        `  spawn:regions: [${REGION}, us-west-2]`,
        "  spawn:bucketPrefix: e2e-locked-",
        `  spawn:buckets: { ${REGION}: ${Bucket} }`,
        `  spawn:adopt: [${REGION}]`,
        "",
      ].join("\n"),
    );
  });

  const spawn = (...args: string[]) => world.spawn(...args, ...HERE);
  const upload = (...flags: string[]) => spawn("stage", "upload", "./locked.dat", ...flags);
  const setRetention = (Days: number | undefined) =>
    aws.s3(REGION).send(
      new PutObjectLockConfigurationCommand({
        Bucket,
        ObjectLockConfiguration: {
          ObjectLockEnabled: "Enabled",
          ...(Days === undefined ? {} : { Rule: { DefaultRetention: { Mode: "GOVERNANCE", Days } } }),
        },
      }),
    );
  const statusIn = async (...args: string[]) => {
    const { stdout } = await succeed(spawn("stage", ...args, "--format", "json"));
    return JSON.parse(stdout) as { staging_id: string; status?: string; state?: string }[];
  };

  it("is adopted with a note, unless no entry could be removed when its TTL ends", async () => {
    await setRetention(91);
    const refused = await spawn("environment", "up");
    expect(refused.code).to.equal(1);
    expect(refused.stderr).to.contain(`the bucket ${Bucket} cannot be adopted`);
    expect(refused.stderr).to.contain("91 days (GOVERNANCE)");
    await setRetention(30);
    const { stderr } = await succeed(spawn("environment", "up"));
    expect(stderr).to.contain(`Your bucket ${Bucket} in ${REGION} has S3 Object Lock.`);
    const early = await upload();
    expect(early.code).to.equal(2);
    expect(early.stderr).to.contain(
      `your bucket ${Bucket} in ${REGION} keeps every object for 30 days (GOVERNANCE)`,
    );
    expect(early.stderr).to.contain(
      "Fix: --ttl 30; or, in the bucket, aws s3api put-object-lock-configuration",
    );
    await setRetention(undefined);
  });

  it("keeps locked objects: the deletion names the lock, and the entry stays listed and billed", async () => {
    const id = (await succeed(upload())).stdout.trim();
    const key = { Bucket, Key: `${id}/locked.dat` };
    await aws.s3(REGION).send(new PutObjectLegalHoldCommand({ ...key, LegalHold: { Status: "ON" } }));
    const before = await aws.versions(REGION, Bucket, `${id}/`);
    const refused = await spawn("stage", "delete", id, "--yes");
    expect(refused.code).to.equal(1);
    expect(refused.stderr).to.contain(
      `s3://${Bucket}/${id}/locked.dat has a legal hold. Nothing was deleted`,
    );
    expect(await aws.versions(REGION, Bucket, `${id}/`)).to.deep.equal(before);
    expect(await statusIn("list")).to.have.nested.property("[0].status", "deleting");
    expect(await statusIn("list", "--incomplete")).to.have.nested.property("[0].state", "deleting");
    const info = await succeed(spawn("stage", "info", id));
    expect(info.stdout).to.contain("Status: deleting");
    expect((await aws.item("spawn-usage-locked", id)) ?? {}).to.not.have.property("closed_at");

    const RetainUntilDate = new Date(Date.now() + 86_400_000);
    await aws.s3(REGION).send(new PutObjectLegalHoldCommand({ ...key, LegalHold: { Status: "OFF" } }));
    const retention = { Retention: { Mode: "GOVERNANCE", RetainUntilDate } } as const;
    await aws.s3(REGION).send(new PutObjectRetentionCommand({ ...key, ...retention }));
    const retained = await spawn("stage", "delete", id, "--yes");
    expect(retained.stderr).to.contain("locked.dat has a retention until ");
    const past = {
      Retention: { Mode: "GOVERNANCE", RetainUntilDate: new Date(Date.now() - 60_000) },
    } as const;
    await aws
      .s3(REGION)
      .send(new PutObjectRetentionCommand({ ...key, ...past, BypassGovernanceRetention: true }));
    await succeed(spawn("stage", "delete", id, "--yes"));
    expect(await aws.versions(REGION, Bucket, `${id}/`)).to.deep.equal([]);
    expect(await statusIn("list", "--incomplete")).to.deep.equal([]);
    expect(await aws.item("spawn-usage-locked", id)).to.have.property("closed_at");
    await succeed(spawn("environment", "destroy", "--yes"));
  });
});
