import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from "@aws-sdk/client-auto-scaling";
import { GetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import {
  DescribeInstancesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeSecurityGroupsCommand,
  EC2Client,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { GetRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  GetBucketPolicyCommand,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { expect } from "chai";
import { spawnPaths } from "../../local/paths.ts";
import { parseIndexItem } from "../../staging/sweep/index-item.ts";
import { indexItemKey } from "../../staging/sweep/item-keys.ts";
import { MachineControl } from "../support/machine-control.ts";
import type { Aws } from "./support/aws.ts";
import { CommandServer, type Execution } from "./support/command-server.ts";
import { eventually } from "./support/interrupting.ts";
import { succeed } from "./support/process.ts";
import { bucketOf, REGIONS, randomFile, sharedWorld, USAGE, type World } from "./support/world.ts";

const SWEEPS = "spawn-sweeps-dev";
/** Seconds that a step of a sweep may take on a busy machine. */
const PATIENCE = 300;

describe("A sweep of twelve indices in three regions", function () {
  this.timeout(900_000);
  let world: World;
  let aws: Aws;
  let server: CommandServer;
  let entry: string;
  let sweep: string;

  // Four indices in each region. One worker of us-east-1 dies, one of us-west-2 gets a spot notice, and the data of eu-west-1 are wrong.
  const KILLED: Execution = { index: 0, attempt: 1 };
  const INTERRUPTED: Execution = { index: 4, attempt: 1 };

  const settings = (region: string) => ({
    endpoint: aws.endpoint,
    region,
    credentials: { accessKeyId: aws.keys.accessKeyId, secretAccessKey: aws.keys.secretAccessKey },
  });
  const indexOf = async (index: number) => {
    const Key = { sweep_id: { S: sweep }, item: { S: indexItemKey(index) } };
    const { Item } = await aws.dynamo("us-east-1").send(new GetItemCommand({ TableName: SWEEPS, Key }));
    return parseIndexItem(unmarshall(Item ?? {}));
  };
  const ownerOf = async (index: number): Promise<string> => {
    const item = await indexOf(index);
    if (item.state !== "running") throw new Error(`index ${index} is ${item.state}`);
    return item.owner;
  };
  const infoOf = async () => {
    const { stdout } = await succeed(world.spawn("sweep", "info", sweep, "--json"));
    return (JSON.parse(stdout) as { result: Record<string, unknown> }).result;
  };
  const stackIsUnchanged = async () => {
    const stack = `dev.${sweep}`;
    await succeed(world.pulumi(`pulumi up -s ${stack} --yes --skip-preview --expect-no-changes`));
    await succeed(world.pulumi(`pulumi refresh -s ${stack} --yes --expect-no-changes`));
  };

  before(async () => {
    world = await sharedWorld();
    aws = await world.aws();
    server = await CommandServer.start(
      ({ index, attempt }) => attempt === 1 && (index === KILLED.index || index === INTERRUPTED.index),
    );
    await world.writeFile("genome one.fasta", randomFile(200_000));
    entry = await world.upload(
      "genome one.fasta",
      "--regions",
      REGIONS.join(","),
      "--dest",
      "/mnt/data/genome.fasta",
    );
    await world.writeFile(
      "sweep.yaml",
      Buffer.from(
        [
          "sweep_name: twelve",
          "count: 12",
          "max_concurrent: 3",
          `regions: [${REGIONS.join(", ")}]`,
          "base_command: |",
          "  #!/bin/sh",
          "  set -e",
          '  test "$STAGED_PATH" = /mnt/data/genome.fasta',
          '  sha256sum "$STAGED_PATH"',
          `  ${server.command}`,
        ].join("\n"),
      ),
    );
  });
  after(() => server?.stop());

  it("starts from a pipe and prints only its ID on stdout", async () => {
    // The data of one region become wrong before any worker knows where it is.
    const control = new MachineControl(spawnPaths(world.env));
    await control.slowImds(60);
    const launched = await succeed(
      world.spawn("launch", "--params", "sweep.yaml", "--stage-id", entry, "--yes"),
    );
    sweep = launched.stdout.trim();
    expect(launched.stdout).to.match(/^sweep-[0-9a-f]{12}\n$/);
    expect(launched.stderr).to.match(/^Indices: 12$/m);
    const key = `${entry}/genome one.fasta`;
    await aws
      .s3("eu-west-1")
      .send(new PutObjectCommand({ Bucket: bucketOf("eu-west-1"), Key: key, Body: randomFile(200_000) }));
    await control.slowImds(0);
  });

  it("replaces a dead worker, and another worker runs its index", async () => {
    await eventually("the first index runs", async () => server.has(KILLED), PATIENCE);
    const owner = await ownerOf(KILLED.index);
    const ec2 = new EC2Client(settings("us-east-1"));
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [owner] }));
    ec2.destroy();
    // The lease would expire five minutes later, too late for this test.
    await aws.dynamo("us-east-1").send(
      new UpdateItemCommand({
        TableName: SWEEPS,
        Key: { sweep_id: { S: sweep }, item: { S: indexItemKey(KILLED.index) } },
        UpdateExpression: "SET lease_until = :past",
        ConditionExpression: "#owner = :owner",
        ExpressionAttributeNames: { "#owner": "owner" },
        ExpressionAttributeValues: { ":past": { N: "1" }, ":owner": { S: owner } },
      }),
    );
  });

  it("releases an index when its worker gets a spot notice", async () => {
    await eventually("the index of the second region runs", async () => server.has(INTERRUPTED), PATIENCE);
    await new MachineControl(spawnPaths(world.env)).interrupt(await ownerOf(INTERRUPTED.index), 120);
    await eventually("it runs again", async () => server.has({ ...INTERRUPTED, attempt: 2 }), PATIENCE);
    const item = await indexOf(INTERRUPTED.index);
    expect(item).to.include({ attempt: 2, interruptions: 1, errors: 0 });
  });

  it("shows no drift while it runs, and an update starts nothing", stackIsUnchanged);

  it("fails the indices of a region with wrong data, with the reason", async () => {
    const watched = await world.spawn("sweep", "watch", sweep);
    expect(watched.code, watched.stderr).to.equal(1);
    const info = await succeed(world.spawn("sweep", "info", sweep));
    expect(info.stdout).to.contain("SHA256 checksum mismatch");
    for (const index of [8, 9, 10, 11])
      expect(await indexOf(index)).to.include({ state: "failed", region: "eu-west-1" });
    for (const index of [0, 1, 2, 3, 4, 5, 6, 7]) expect(await indexOf(index)).to.include({ state: "done" });
  });

  it("completes the remaining indices after a repair and a retry", async () => {
    await succeed(world.spawn("stage", "repair", entry));
    await succeed(world.spawn("sweep", "retry", sweep, "--failed"));
    await succeed(world.spawn("sweep", "watch", sweep));
    expect((await infoOf())["state"]).to.equal("succeeded");
  });

  it("completes each index exactly once", async () => {
    const seen = server.executions.map(({ index, attempt }) => `${index}/${attempt}`);
    expect(new Set(seen).size).to.equal(seen.length);
    for (let index = 0; index < 12; index++) {
      const item = await indexOf(index);
      const times = server.executions.filter((one) => one.index === index).length;
      expect(times, `index ${index}`).to.equal(index === 0 || index === 4 ? 2 : 1);
      expect(item).to.include({ state: "done", exitCode: 0 });
      expect(server.executions.filter((one) => one.index === index).at(-1)?.attempt).to.equal(item.attempt);
    }
  });

  it("counts each worker once as a user of the data", async () => {
    const row = (await aws.item(USAGE, entry)) ?? {};
    expect(row["instance_count"]).to.be.a("number").and.be.at.least(3);
    expect(row["download_count"]).to.equal(row["instance_count"]);
    const { stdout } = await succeed(world.spawn("stage", "info", entry));
    expect(stdout).to.contain(`Instances Using Data: ${row["instance_count"]}`);
  });

  it("keeps the logs of every attempt", async () => {
    const { stdout } = await succeed(world.spawn("sweep", "logs", sweep));
    for (let index = 0; index < 12; index++) expect(stdout).to.contain(`[${index}] go on`);
    const first = await succeed(world.spawn("sweep", "logs", sweep, "--index", "4", "--attempt", "1"));
    expect(first.stdout).to.match(/interrupt/i);
  });

  it("ends with empty groups and without drift", async () => {
    for (const region of REGIONS) {
      const groups = new AutoScalingClient(settings(region));
      const find = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [`spawn-${sweep}`] });
      await eventually(
        `no worker is left in ${region}`,
        async () => {
          const [group] = (await groups.send(find)).AutoScalingGroups ?? [];
          return group?.DesiredCapacity === 0 && group.Instances?.length === 0;
        },
        PATIENCE,
      );
      groups.destroy();
    }
    await stackIsUnchanged();
  });

  it("leaves nothing but its logs after its deletion", async () => {
    await succeed(world.spawn("sweep", "delete", sweep, "--yes"));
    expect(await world.stacks()).to.not.include(`dev.${sweep}`);
    const name = `spawn-${sweep}`;
    for (const region of REGIONS) {
      const [groups, ec2] = [new AutoScalingClient(settings(region)), new EC2Client(settings(region))];
      const left = await groups.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }));
      expect(left.AutoScalingGroups).to.deep.equal([]);
      const templates = await ec2.send(new DescribeLaunchTemplatesCommand({}));
      expect(templates.LaunchTemplates?.map(({ LaunchTemplateName }) => LaunchTemplateName)).to.not.include(
        name,
      );
      const walls = await ec2.send(new DescribeSecurityGroupsCommand({}));
      expect(walls.SecurityGroups?.map(({ GroupName }) => GroupName)).to.not.include(name);
      const { Reservations = [] } = await ec2.send(
        new DescribeInstancesCommand({ Filters: [{ Name: "tag:spawn:sweep", Values: [sweep] }] }),
      );
      const states = Reservations.flatMap(({ Instances = [] }) => Instances.map(({ State }) => State?.Name));
      expect(states.filter((state) => state !== "terminated")).to.deep.equal([]);
      groups.destroy();
      ec2.destroy();
      const { Versions = [] } = await aws
        .s3(region)
        .send(new ListObjectVersionsCommand({ Bucket: bucketOf(region), Prefix: `${sweep}/` }));
      expect(Versions.every(({ Key = "" }) => Key.startsWith(`${sweep}/logs/`))).to.equal(true);
    }
    const iam = new IAMClient(settings("us-east-1"));
    const role = await iam.send(new GetRoleCommand({ RoleName: name })).catch((error: Error) => error.name);
    expect(role).to.match(/NoSuchEntity/);
    iam.destroy();
    await succeed(world.spawn("stage", "delete", entry, "--yes"));
  });
});

describe("A sweep whose workers may not read the data", () => {
  it("fails with the guide's message, and its workers are not replaced", async () => {
    const world = await sharedWorld();
    const aws = await world.aws();
    await world.writeFile("closed.dat", randomFile(10_000));
    const entry = await world.upload("closed.dat", "--regions", "us-east-1");
    const Bucket = bucketOf("us-east-1");
    const s3 = aws.s3("us-east-1");
    const { Policy = "{}" } = await s3.send(new GetBucketPolicyCommand({ Bucket }));
    const policy = JSON.parse(Policy) as { Statement: unknown[] };
    const deny = {
      Effect: "Deny",
      Principal: "*",
      Action: "s3:GetObject",
      Resource: `arn:aws:s3:::${Bucket}/${entry}/*`,
    };
    await s3.send(
      new PutBucketPolicyCommand({
        Bucket,
        Policy: JSON.stringify({ ...policy, Statement: [...policy.Statement, deny] }),
      }),
    );
    let sweep = "";
    try {
      await world.writeFile("closed.yaml", Buffer.from("count: 2\nbase_command: echo $SWEEP_INDEX\n"));
      const launched = await world.spawn(
        ...["launch", "--params", "closed.yaml", "--stage-id", entry, "--yes", "--wait"],
      );
      sweep = launched.stdout.trim();
      expect(launched.code, launched.stderr).to.equal(1);
      const { stdout } = await succeed(world.spawn("sweep", "info", sweep));
      expect(stdout).to.contain("download failed: 403 Forbidden");
      expect(stdout).to.contain("0 pending, 0 running, 0 done, 2 failed");
    } finally {
      await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    }
    await succeed(world.spawn("sweep", "delete", sweep, "--yes"));
    await succeed(world.spawn("stage", "delete", entry, "--yes"));
  });
});
