import {
  CreateOrUpdateTagsCommand,
  DeleteAutoScalingGroupCommand,
  DeleteScheduledActionCommand,
  DescribeAutoScalingInstancesCommand,
  DescribeScalingActivitiesCommand,
  DescribeScheduledActionsCommand,
  DescribeTagsCommand,
  PutScheduledUpdateGroupActionCommand,
  ResumeProcessesCommand,
  SetDesiredCapacityCommand,
  SuspendProcessesCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import {
  DeleteSecurityGroupCommand,
  DescribeImagesCommand,
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { expect } from "chai";
import { ensureCloud, stopCloud } from "../../local/cloud/cloud.ts";
import { spawnPaths } from "../../local/paths.ts";
import { startTestCloud, type TestCloud } from "../support/cloud.ts";
import { errorOf, SweepCloud, USER_DATA } from "./sweep-cloud.ts";

describe("Auto Scaling groups of the local cloud", () => {
  let cloud: TestCloud;
  let aws: SweepCloud;
  let east: SweepCloud;

  before(async () => {
    cloud = await startTestCloud();
    aws = new SweepCloud(cloud);
    east = new SweepCloud(cloud, "eu-west-1");
  });
  after(async () => {
    aws?.destroy();
    east?.destroy();
    await cloud?.stop();
  });

  const setDesired = (name: string, DesiredCapacity: number, of = aws) =>
    of.groups.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: name, DesiredCapacity }));

  it("have in each region a default VPC with internet access, subnets in three zones and their own images", async () => {
    const images = new Set<string>();
    for (const each of [aws, east]) {
      const { Subnets: subnets = [] } = await each.ec2.send(
        new DescribeSubnetsCommand({ Filters: [{ Name: "default-for-az", Values: ["true"] }] }),
      );
      expect(subnets.map(({ AvailabilityZone }) => AvailabilityZone)).to.deep.equal(
        ["a", "b", "c"].map((letter) => `${each.region}${letter}`),
      );
      const { RouteTables: tables = [] } = await each.ec2.send(new DescribeRouteTablesCommand({}));
      const routes = tables.flatMap(({ Routes = [] }) => Routes);
      expect(routes.map(({ DestinationCidrBlock }) => DestinationCidrBlock)).to.include("0.0.0.0/0");
      for (const architecture of ["x86_64", "arm64"]) {
        const image = await each.image(architecture);
        images.add(image);
        const { Images: found } = await each.ec2.send(new DescribeImagesCommand({ ImageIds: [image] }));
        expect(found?.[0]?.Architecture).to.equal(architecture);
      }
    }
    expect(images.size).to.equal(4);
    const elsewhere = new DescribeImagesCommand({ ImageIds: [await aws.image()] });
    expect(await errorOf(east.ec2.send(elsewhere))).to.include("InvalidAMIID.NotFound");
  });

  it("launch members from the template, spread over zones and types", async () => {
    const { id, group } = await aws.template("made");
    await aws.group("made-group", {
      MinSize: 0,
      DesiredCapacity: 3,
      MixedInstancesPolicy: {
        LaunchTemplate: {
          LaunchTemplateSpecification: { LaunchTemplateName: "made", Version: "$Latest" },
          Overrides: [{ InstanceType: "c5.large" }, { InstanceType: "m5.xlarge" }],
        },
        InstancesDistribution: {
          OnDemandBaseCapacity: 1,
          OnDemandPercentageAboveBaseCapacity: 0,
          SpotAllocationStrategy: "price-capacity-optimized",
        },
      },
    });
    const members = await aws.instances("made-group");
    expect(new Set(members.map(({ Placement }) => Placement?.AvailabilityZone)).size).to.equal(3);
    expect(members.map(({ InstanceLifecycle }) => InstanceLifecycle ?? "").sort()).to.deep.equal([
      ...["", "spot", "spot"],
    ]);
    const [member] = members;
    expect(member?.MetadataOptions).to.include({ HttpTokens: "required", HttpPutResponseHopLimit: 1 });
    expect(member?.SecurityGroups?.map(({ GroupId }) => GroupId)).to.deep.equal([group]);
    const tags = Object.fromEntries((member?.Tags ?? []).map(({ Key = "", Value }) => [Key, Value]));
    expect(tags).to.deep.equal({
      of: "template",
      "spawn:sweep": "made-group",
      "aws:autoscaling:groupName": "made-group",
      "aws:ec2launchtemplate:id": id,
      "aws:ec2launchtemplate:version": "1",
    });
    const { UserData } = await aws.ec2.send(
      new DescribeInstanceAttributeCommand({
        InstanceId: member?.InstanceId ?? "",
        Attribute: "userData",
      }),
    );
    expect(UserData?.Value).to.equal(USER_DATA);
    const described = await aws.describe("made-group");
    expect(described?.Instances?.map(({ LifecycleState }) => LifecycleState)).to.deep.equal([
      ...["InService", "InService", "InService"],
    ]);
    expect(described?.MixedInstancesPolicy?.LaunchTemplate?.LaunchTemplateSpecification).to.include({
      LaunchTemplateId: id,
      Version: "$Latest",
    });
    const { AutoScalingInstances: of = [] } = await aws.groups.send(
      new DescribeAutoScalingInstancesCommand({ InstanceIds: [member?.InstanceId ?? ""] }),
    );
    expect(of.map(({ AutoScalingGroupName }) => AutoScalingGroupName)).to.deep.equal(["made-group"]);
    expect(await errorOf(aws.ec2.send(new DeleteSecurityGroupCommand({ GroupId: group })))).to.include(
      "DependencyViolation",
    );
    // Another region has none of them.
    expect(await east.describe("made-group")).to.equal(undefined);
    expect(await east.ids("made-group")).to.deep.equal([]);
  });

  it("replace members that are terminated from outside or without decrement", async () => {
    await aws.group("healed", { DesiredCapacity: 2 });
    const before = await aws.settled("healed", 2);
    const [first = ""] = before;
    await aws.ec2.send(new TerminateInstancesCommand({ InstanceIds: [first] }));
    const healed = await aws.settled("healed", 2, [first]);
    const [second = ""] = healed;
    const terminate = new TerminateInstanceInAutoScalingGroupCommand({
      InstanceId: second,
      ShouldDecrementDesiredCapacity: false,
    });
    expect((await aws.groups.send(terminate)).Activity?.StatusCode).to.equal("InProgress");
    await aws.settled("healed", 2, [first, second]);
    expect((await aws.describe("healed"))?.DesiredCapacity).to.equal(2);
    expect(await errorOf(aws.groups.send(terminate))).to.equal(
      `ValidationError: Instance Id not found - No managed instance found for instance ID: ${second}`,
    );
    expect(await aws.ids("healed", "terminated")).to.have.members([first, second]);
  });

  it("shrink by one when a worker terminates itself with decrement, but not below the minimum size", async () => {
    await aws.group("shrinking", { MinSize: 1, DesiredCapacity: 2 });
    const [first = "", second = ""] = await aws.settled("shrinking", 2);
    const terminate = (InstanceId: string) =>
      aws.groups.send(
        new TerminateInstanceInAutoScalingGroupCommand({ InstanceId, ShouldDecrementDesiredCapacity: true }),
      );
    await terminate(first);
    expect((await aws.describe("shrinking"))?.DesiredCapacity).to.equal(1);
    expect(await aws.ids("shrinking")).to.deep.equal([second]);
    expect(await errorOf(terminate(second))).to.include(
      "ValidationError: Currently, desiredSize equals minSize (1).",
    );
  });

  it("keep the desired capacity between the bounds", async () => {
    await aws.group("bounded", { MinSize: 1, MaxSize: 2 });
    expect(await errorOf(setDesired("bounded", 3))).to.equal(
      "ValidationError: New SetDesiredCapacity value 3 is above max value 2 for the AutoScalingGroup.",
    );
    expect(await errorOf(setDesired("bounded", 0))).to.equal(
      "ValidationError: New SetDesiredCapacity value 0 is below min value 1 for the AutoScalingGroup.",
    );
    expect(await errorOf(setDesired("none", 0))).to.equal(
      "ValidationError: AutoScalingGroup name not found - AutoScalingGroup 'none' not found",
    );
    await setDesired("bounded", 2);
    expect(await aws.ids("bounded")).to.have.length(2);
    await aws.groups.send(
      new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: "bounded", MinSize: 0, MaxSize: 1 }),
    );
    expect((await aws.describe("bounded"))?.DesiredCapacity).to.equal(1);
    expect(await aws.ids("bounded")).to.have.length(1);
    await setDesired("bounded", 0);
    expect(await aws.ids("bounded")).to.deep.equal([]);
  });

  it("run a scheduled action once when it is due", async () => {
    await aws.group("scheduled", { DesiredCapacity: 2 });
    const put = (ScheduledActionName: string, StartTime: Date, DesiredCapacity: number) =>
      aws.groups.send(
        new PutScheduledUpdateGroupActionCommand({
          ...{ AutoScalingGroupName: "scheduled", ScheduledActionName, StartTime, DesiredCapacity },
        }),
      );
    expect(await errorOf(put("past", new Date(Date.now() - 60_000), 0))).to.include(
      "ValidationError: Given start time is in the past",
    );
    await put("later", new Date(Date.now() + 3_600_000), 1);
    await put("end", new Date(Date.now() + 1_500), 0);
    await aws.settled("scheduled", 0);
    const list = async () =>
      (
        await aws.groups.send(new DescribeScheduledActionsCommand({ AutoScalingGroupName: "scheduled" }))
      ).ScheduledUpdateGroupActions?.map(({ ScheduledActionName }) => ScheduledActionName);
    expect(await list()).to.deep.equal(["later"]);
    await aws.groups.send(
      new DeleteScheduledActionCommand({
        AutoScalingGroupName: "scheduled",
        ScheduledActionName: "later",
      }),
    );
    expect(await list()).to.deep.equal([]);
    // The action ran once: a later capacity stays.
    await setDesired("scheduled", 1);
    await aws.settled("scheduled", 1);
  });

  it("stop suspended processes", async () => {
    await aws.group("suspended", { DesiredCapacity: 1 });
    const [first = ""] = await aws.settled("suspended", 1);
    const named = { AutoScalingGroupName: "suspended" };
    await aws.groups.send(
      new SuspendProcessesCommand({ ...named, ScalingProcesses: ["AZRebalance", "Launch"] }),
    );
    const { SuspendedProcesses: processes = [] } = (await aws.describe("suspended")) ?? {};
    expect(processes.map(({ ProcessName }) => ProcessName)).to.deep.equal(["AZRebalance", "Launch"]);
    await aws.ec2.send(new TerminateInstancesCommand({ InstanceIds: [first] }));
    await setDesired("suspended", 2);
    expect(await aws.ids("suspended")).to.deep.equal([]);
    await aws.groups.send(new ResumeProcessesCommand({ ...named, ScalingProcesses: ["Launch"] }));
    await aws.settled("suspended", 2, [first]);
  });

  it("report why they cannot launch: a missing instance profile, an image of another region", async () => {
    await aws.group("failing", {
      DesiredCapacity: 1,
      data: { IamInstanceProfile: { Name: "none" } },
    });
    await aws.group("lost", { DesiredCapacity: 1, data: { ImageId: await east.image() } });
    for (const [name, why] of [
      ["failing", "Invalid IAM Instance Profile"],
      ["lost", "does not exist"],
    ] as const) {
      expect(await aws.ids(name)).to.deep.equal([]);
      const { Activities: done = [] } = await aws.groups.send(
        new DescribeScalingActivitiesCommand({ AutoScalingGroupName: name }),
      );
      expect(done[0]).to.include({ StatusCode: "Failed" });
      expect(done[0]?.StatusMessage).to.include(why);
    }
  });

  it("are deleted with members only by force, which frees the name", async () => {
    await aws.group("doomed", { DesiredCapacity: 2 });
    const named = { AutoScalingGroupName: "doomed" };
    expect(await errorOf(aws.groups.send(new DeleteAutoScalingGroupCommand(named)))).to.include(
      "ResourceInUseFault: You cannot delete an AutoScalingGroup while there are instances",
    );
    await aws.groups.send(new DeleteAutoScalingGroupCommand({ ...named, ForceDelete: true }));
    expect(await aws.ids("doomed")).to.deep.equal([]);
    const during = await aws.describe("doomed");
    if (during !== undefined) {
      expect(during.Status).to.equal("Delete in progress");
      expect(await errorOf(setDesired("doomed", 0))).to.match(/ScalingActivityInProgress|not found/);
    }
    while ((await aws.describe("doomed")) !== undefined) await new Promise((done) => setTimeout(done, 100));
    expect(await errorOf(aws.groups.send(new DeleteAutoScalingGroupCommand(named)))).to.include(
      "AutoScalingGroup name not found",
    );
  });

  it("refuse unsupported and misspelt parameters, and existing names", async () => {
    await aws.group("strict", {});
    const update = (asked: object) =>
      aws.groups.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: "strict", ...asked }));
    expect(await errorOf(update({ PlacementGroup: "p" }))).to.include("does not keep PlacementGroup");
    expect(await errorOf(update({ MinSize: 3, MaxSize: 1 }))).to.include("Max bound, 1, must be greater");
    expect(await errorOf(update({ VPCZoneIdentifier: "subnet-1" }))).to.include("does not exist");
    expect(
      await errorOf(
        aws.group("strict-template", { data: { InstanceMarketOptions: { MarketType: "spot" } } }),
      ),
    ).to.include("does not keep");
    expect(
      await errorOf(
        aws.ec2.send(new DescribeInstancesCommand({ Filters: [{ Name: "ip-address", Values: ["a"] }] })),
      ),
    ).to.include("The filter 'ip-address' is invalid");
  });

  it("apply changed tags to new members", async () => {
    await aws.group("tagged", {});
    await aws.groups.send(
      new CreateOrUpdateTagsCommand({
        Tags: [
          {
            ...{ ResourceId: "tagged", ResourceType: "auto-scaling-group" },
            ...{ Key: "note", Value: "a<b&c", PropagateAtLaunch: true },
          },
        ],
      }),
    );
    const { Tags: tags = [] } = await aws.groups.send(
      new DescribeTagsCommand({ Filters: [{ Name: "auto-scaling-group", Values: ["tagged"] }] }),
    );
    expect(tags.map(({ Key, Value }) => `${Key}=${Value}`)).to.deep.equal([
      "spawn:sweep=tagged",
      "note=a<b&c",
    ]);
    await setDesired("tagged", 1);
    const [member] = await aws.instances("tagged");
    expect(member?.Tags).to.deep.include({ Key: "note", Value: "a<b&c" });
  });

  it("keep members, user data and scheduled actions across a restart, also after kill -9", async () => {
    await aws.group("lasting", { DesiredCapacity: 2 });
    await aws.groups.send(
      new PutScheduledUpdateGroupActionCommand({
        AutoScalingGroupName: "lasting",
        ScheduledActionName: "end",
        StartTime: new Date(Date.now() + 3_600_000),
        DesiredCapacity: 0,
      }),
    );
    const before = await aws.settled("lasting", 2);
    const paths = spawnPaths(cloud.env);
    await stopCloud({ paths });
    const { pid } = await ensureCloud({ paths });
    expect(await aws.ids("lasting")).to.deep.equal(before);
    const { UserData } = await aws.ec2.send(
      new DescribeInstanceAttributeCommand({ InstanceId: before[0] ?? "", Attribute: "userData" }),
    );
    expect(UserData?.Value).to.equal(USER_DATA);
    const { ScheduledUpdateGroupActions: actions = [] } = await aws.groups.send(
      new DescribeScheduledActionsCommand({ AutoScalingGroupName: "lasting" }),
    );
    expect(actions).to.have.length(1);
    // Groups and instances agree, whatever was written last.
    await setDesired("lasting", 4);
    process.kill(pid, "SIGKILL");
    await ensureCloud({ paths });
    const { DesiredCapacity = -1, Instances: members = [] } = (await aws.describe("lasting")) ?? {};
    expect(members.map(({ InstanceId }) => InstanceId).sort()).to.deep.equal(
      await aws.settled("lasting", DesiredCapacity),
    );
  });
});
