import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
} from "@aws-sdk/client-auto-scaling";
import { BatchWriteItemCommand, QueryCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import {
  DescribeLaunchTemplatesCommand,
  DescribeSecurityGroupsCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import { IAMClient, ListInstanceProfilesCommand, ListRolesCommand } from "@aws-sdk/client-iam";
import { expect } from "chai";
import type { Aws } from "./support/aws.ts";
import { succeed } from "./support/process.ts";
import { World } from "./support/world.ts";

const REGIONS = ["us-east-1", "us-west-2"];
const PARAMETERS = `sweep_name: lost
count: 2
regions:
  - us-east-1: 1
  - us-west-2: 1
base_command: |
  #!/bin/sh
  sleep "360$SWEEP_INDEX"
`;

describe("A sweep with a lost state", () => {
  let world: World;
  let aws: Aws;
  let id: string;
  let parameters: string;

  /** The sweep's resources in AWS. */
  const left = async (): Promise<string[]> => {
    const settings = { endpoint: aws.endpoint, credentials: aws.keys };
    const found: (string | undefined)[] = [];
    for (const region of REGIONS) {
      const groups = new AutoScalingClient({ ...settings, region });
      const ec2 = new EC2Client({ ...settings, region });
      const { AutoScalingGroups = [] } = await groups.send(new DescribeAutoScalingGroupsCommand({}));
      const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
      const { LaunchTemplates = [] } = await ec2.send(new DescribeLaunchTemplatesCommand({}));
      found.push(
        ...AutoScalingGroups.map(({ AutoScalingGroupName: name }) => `${region} group ${name}`),
        ...SecurityGroups.map(({ GroupName: name }) => `${region} security group ${name}`),
        ...LaunchTemplates.map(({ LaunchTemplateName: name }) => `${region} template ${name}`),
      );
      groups.destroy();
      ec2.destroy();
    }
    const iam = new IAMClient({ ...settings, region: "us-east-1" });
    const { Roles = [] } = await iam.send(new ListRolesCommand({}));
    const { InstanceProfiles = [] } = await iam.send(new ListInstanceProfilesCommand({}));
    iam.destroy();
    found.push(
      ...Roles.map(({ RoleName: name }) => `role ${name}`),
      ...InstanceProfiles.map(({ InstanceProfileName: name }) => `profile ${name}`),
    );
    return found.filter((text) => text !== undefined).filter((text) => text.includes(id));
  };

  const loseState = () =>
    rm(join(world.home, `data/state/.pulumi/stacks/spawn/dev.${id}.json`), { force: false });

  /** As if the engine had been killed before it created the run: no items, no workers. */
  const forgetRun = async (): Promise<void> => {
    const dynamo = aws.dynamo("us-east-1");
    const TableName = "spawn-sweeps-dev";
    const { Items = [] } = await dynamo.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: "sweep_id = :id",
        ExpressionAttributeValues: { ":id": { S: id } },
      }),
    );
    const requests = Items.flatMap(({ sweep_id, item }) =>
      sweep_id && item ? [{ DeleteRequest: { Key: { sweep_id, item } } }] : [],
    );
    await dynamo.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }));
    await endWorkers();
  };

  const endWorkers = async (): Promise<void> => {
    for (const region of REGIONS) {
      const groups = groupsIn(region);
      await groups.send(
        new SetDesiredCapacityCommand({ AutoScalingGroupName: `spawn-${id}`, DesiredCapacity: 0 }),
      );
      groups.destroy();
    }
  };
  const workersOf = async (region: string): Promise<number | undefined> => {
    const groups = groupsIn(region);
    const { AutoScalingGroups = [] } = await groups.send(new DescribeAutoScalingGroupsCommand({}));
    groups.destroy();
    return AutoScalingGroups.find(({ AutoScalingGroupName }) => AutoScalingGroupName === `spawn-${id}`)
      ?.DesiredCapacity;
  };
  const groupsIn = (region: string): AutoScalingClient =>
    new AutoScalingClient({ endpoint: aws.endpoint, credentials: aws.keys, region });

  before(async () => {
    world = await World.make();
    await succeed(world.spawn("environment", "up"));
    aws = await world.aws();
    parameters = await world.writeFile("sweep.yaml", Buffer.from(PARAMETERS));
    // The launch keeps its journal only in this case.
    const launch = `set +e; spawn launch --params '${parameters}' --yes > /dev/full; exit $?`;
    const { code } = await world.bash(launch);
    expect(code).to.equal(1);
    const [journal = "", ...others] = await readdir(join(world.home, "data/stacks/launching"));
    expect(others).to.deep.equal([]);
    id = journal.slice("dev.".length, -".json".length);
    expect(await left()).to.have.length(8);
  });
  after(async () => await world?.remove());

  it("is not launched twice if its ID could not be printed, even without its settings file", async () => {
    const settings = join(world.home, `data/stacks/Pulumi.dev.${id}.yaml`);
    await rename(settings, `${settings}.lost`);
    const again = await world.spawn("launch", "--params", parameters, "--yes");
    expect(again).to.include({ code: 1, stdout: "" });
    expect(again.stderr).to.contain(`an earlier launch of the same sweep has started ${id}`);
    expect(
      (await succeed(world.spawn("sweep", "list", "--format", "json"))).stdout.match(/"sweep_id"/g),
    ).to.have.length(1);
    await rename(`${settings}.lost`, settings);
  });

  it("is launched again by --resume if it had not started, although its resources exist", async () => {
    await forgetRun();
    await loseState();
    const { stdout, stderr } = await succeed(world.spawn("launch", "--resume", id));
    expect(stdout.trim()).to.equal(id);
    expect(stderr).to.contain(`Deleted the role spawn-${id}, which the stack does not have.`);
    expect(await left()).to.have.length(8);
    expect((await succeed(world.spawn("sweep", "list"))).stdout).to.contain(id);
  });

  it("resumes a retry that was killed before it started workers", async () => {
    await endWorkers();
    await aws.dynamo("us-east-1").send(
      new UpdateItemCommand({
        TableName: "spawn-sweeps-dev",
        Key: { sweep_id: { S: id }, item: { S: "meta" } },
        UpdateExpression: "SET deadline_generation = :one",
        ExpressionAttributeValues: { ":one": { N: "1" } },
      }),
    );
    await succeed(world.spawn("sweep", "retry", id));
    for (const region of REGIONS) expect(await workersOf(region)).to.equal(1);
    // The retry has ended, so there is nothing to resume.
    expect((await world.spawn("sweep", "retry", id)).stderr).to.contain("has nothing to retry");
  });

  it("is left unchanged by --resume once it has started", async () => {
    await loseState();
    const { code, stderr } = await world.spawn("launch", "--resume", id);
    expect(code).to.equal(1);
    expect(stderr).to.contain(`${id} has started, and its stack is incomplete`);
    expect(stderr).to.contain(`spawn sweep delete ${id} --yes`);
    expect(await left()).to.have.length(8);
  });

  it("is deleted by its ID alone on a machine without its files", async () => {
    await rm(join(world.home, `data/stacks/Pulumi.dev.${id}.yaml`));
    await forgetRun();
    const { stderr } = await succeed(world.spawn("sweep", "delete", id, "--yes"));
    expect(stderr).to.contain(`Deleted the Auto Scaling group spawn-${id} in us-west-2`);
    expect(await left()).to.deep.equal([]);
    const again = await world.spawn("sweep", "delete", id, "--yes");
    expect(again.code).to.equal(2);
    expect(again.stderr).to.contain(`there is no sweep ${id}`);
  });
});
