import {
  AutoScalingClient,
  type AutoScalingGroup,
  CreateOrUpdateTagsCommand,
  DescribeAutoScalingGroupsCommand,
  ResumeProcessesCommand,
  SetDesiredCapacityCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import {
  DescribeInstancesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeSecurityGroupsCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { expect } from "chai";
import { expectNothingToDo, withEngineCloud } from "./engine-cloud.ts";
import { GROUP, REGION, WORKERS, type WorkerSettings, workers } from "./workers-program.ts";

/*
 * Machines under the real engine: the program sees no change when a process starts or ends instances of a group with undeclared
 * capacity.
 */
describe("aws plugin with machines, under the Pulumi engine", () => {
  let settings: WorkerSettings = { script: "#!/bin/sh\n", most: 10, templateName: "engine-first" };
  let groups: AutoScalingClient;
  let ec2: EC2Client;
  let stack: Stack;

  withEngineCloud(async (engine) => {
    const client = { endpoint: engine.cloud.endpoint, region: REGION, credentials: engine.cloud.keys };
    groups = new AutoScalingClient(client);
    ec2 = new EC2Client(client);
    stack = await engine.newStack("workers", () => workers(settings));
    return [groups, ec2];
  });

  const describeGroup = async (): Promise<AutoScalingGroup | undefined> => {
    const { AutoScalingGroups } = await groups.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [GROUP] }),
    );
    return AutoScalingGroups?.[0];
  };
  const remains = async () => ({
    groups: (await describeGroup()) === undefined ? 0 : 1,
    templates: (await ec2.send(new DescribeLaunchTemplatesCommand({}))).LaunchTemplates?.length,
    securityGroups: (
      await ec2.send(
        new DescribeSecurityGroupsCommand({ Filters: [{ Name: "group-name", Values: [GROUP] }] }),
      )
    ).SecurityGroups?.length,
  });

  it("previews them and creates nothing", async () => {
    const { changeSummary } = await stack.preview();
    expect(changeSummary).to.deep.equal({ create: WORKERS });
    expect(await remains()).to.deep.equal({ groups: 0, templates: 0, securityGroups: 0 });
  });

  it("creates them without an instance", async () => {
    const { summary, outputs } = await stack.up();
    expect(summary.resourceChanges).to.deep.equal({ create: WORKERS });
    expect(outputs["image"]?.value).to.match(/^ami-/);
    expect(outputs["capacity"]?.value).to.equal(0);
    expect((await describeGroup())?.SuspendedProcesses?.map((one) => one.ProcessName)).to.deep.equal([
      "AZRebalance",
    ]);
    await expectNothingToDo(stack, WORKERS);
  });

  it("shows no change after the group grows or shrinks", async () => {
    await groups.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: GROUP, DesiredCapacity: 3 }));
    await expectNothingToDo(stack, WORKERS);
    expect((await describeGroup())?.DesiredCapacity).to.equal(3);

    const members = (await describeGroup())?.Instances ?? [];
    expect(members).to.have.length(3);
    await groups.send(
      new TerminateInstanceInAutoScalingGroupCommand({
        InstanceId: members[0]?.InstanceId,
        ShouldDecrementDesiredCapacity: true,
      }),
    );
    await expectNothingToDo(stack, WORKERS);
    expect((await describeGroup())?.DesiredCapacity).to.equal(2);
  });

  it("changes declared properties, and not the capacity", async () => {
    settings = { ...settings, script: "#!/bin/sh\necho changed\n", most: 5 };
    const preview = await stack.preview();
    expect(preview.changeSummary).to.deep.equal({ update: 2, same: WORKERS - 2 });
    const { summary, outputs } = await stack.up();
    expect(summary.resourceChanges).to.deep.equal({ update: 2, same: WORKERS - 2 }); // template and group
    expect(outputs["version"]?.value).to.equal(2);
    expect(await describeGroup()).to.include({ DesiredCapacity: 2, MaxSize: 5 });
    await expectNothingToDo(stack, WORKERS);
  });

  it("shows and reverts manual changes", async () => {
    await groups.send(
      new ResumeProcessesCommand({ AutoScalingGroupName: GROUP, ScalingProcesses: ["AZRebalance"] }),
    );
    await groups.send(
      new CreateOrUpdateTagsCommand({
        Tags: [
          {
            ResourceId: GROUP,
            ResourceType: "auto-scaling-group",
            Key: "team",
            Value: "physics",
            PropagateAtLaunch: true,
          },
        ],
      }),
    );
    const refreshed = await stack.refresh();
    expect(refreshed.summary.resourceChanges).to.deep.equal({ update: 1, same: WORKERS - 1 });
    const { summary } = await stack.up();
    expect(summary.resourceChanges).to.deep.equal({ update: 1, same: WORKERS - 1 });
    const group = await describeGroup();
    expect(group?.SuspendedProcesses?.map((one) => one.ProcessName)).to.deep.equal(["AZRebalance"]);
    expect(group?.Tags?.find(({ Key }) => Key === "team")?.Value).to.equal("genomics");
    expect(group?.DesiredCapacity).to.equal(2);
    await expectNothingToDo(stack, WORKERS);
  });

  it("replaces a template, and points the group at the new one", async () => {
    settings = { ...settings, templateName: "engine-second" };
    const { summary } = await stack.up();
    expect(summary.resourceChanges).to.deep.equal({ replace: 1, update: 1, same: WORKERS - 2 });
    await expectNothingToDo(stack, WORKERS);
  });

  it("destroys all resources, including instances", async () => {
    const { summary } = await stack.destroy({ remove: true });
    expect(summary.resourceChanges).to.deep.equal({ delete: WORKERS });
    expect(await remains()).to.deep.equal({ groups: 0, templates: 0, securityGroups: 0 });
    const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
    const states = Reservations.flatMap(({ Instances = [] }) => Instances.map((one) => one.State?.Name));
    expect(states.filter((state) => state !== "terminated" && state !== "shutting-down")).to.be.empty;
  });
});
