import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  type CreateAutoScalingGroupCommandInput,
  DescribeAutoScalingGroupsCommand,
} from "@aws-sdk/client-auto-scaling";
import {
  CreateLaunchTemplateCommand,
  CreateSecurityGroupCommand,
  DescribeInstancesCommand,
  EC2Client,
  type Instance,
  type RequestLaunchTemplateData,
} from "@aws-sdk/client-ec2";
import { expect } from "chai";
import type { TestCloud } from "../support/cloud.ts";
import { send, signed } from "./signed-request.ts";

export const USER_DATA = Buffer.from("#!/bin/sh\necho <&>\n").toString("base64");

/** Clients of one region of the local cloud, and shared steps of tests about groups. */
export class SweepCloud {
  readonly groups: AutoScalingClient;
  readonly ec2: EC2Client;
  readonly cloud: TestCloud;
  readonly region: string;

  constructor(cloud: TestCloud, region = "us-east-1") {
    const { accessKeyId, secretAccessKey } = cloud.keys;
    const settings = {
      ...{ endpoint: cloud.endpoint, region, maxAttempts: 1 },
      credentials: { accessKeyId, secretAccessKey },
    };
    this.cloud = cloud;
    this.region = region;
    this.groups = new AutoScalingClient(settings);
    this.ec2 = new EC2Client(settings);
  }

  destroy(): void {
    this.groups.destroy();
    this.ec2.destroy();
  }

  /** The ID of Amazon Linux 2023 in SSM. */
  async image(architecture = "x86_64"): Promise<string> {
    const name = `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${architecture}`;
    const wire = signed(
      this.cloud.endpoint,
      this.cloud.keys,
      "ssm",
      {
        method: "POST",
        headers: { "x-amz-target": "AmazonSSM.GetParameter", "content-type": "application/x-amz-json-1.1" },
        body: JSON.stringify({ Name: name }),
      },
      this.region,
    );
    const { status, body } = await send(this.cloud.endpoint, wire);
    expect(status, body).to.equal(200);
    return (JSON.parse(body) as { Parameter: { Value: string } }).Parameter.Value;
  }

  /** Creates a security group and a launch template of this name. */
  async template(name: string, data: RequestLaunchTemplateData = {}): Promise<{ id: string; group: string }> {
    const { GroupId: group = "" } = await this.ec2.send(
      new CreateSecurityGroupCommand({ GroupName: name, Description: name }),
    );
    const made = await this.ec2.send(
      new CreateLaunchTemplateCommand({
        LaunchTemplateName: name,
        LaunchTemplateData: {
          ImageId: await this.image(),
          InstanceType: "m5.large",
          UserData: USER_DATA,
          SecurityGroupIds: [group],
          MetadataOptions: { HttpTokens: "required", HttpPutResponseHopLimit: 1 },
          InstanceInitiatedShutdownBehavior: "terminate",
          TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "of", Value: "template" }] }],
          ...data,
        },
      }),
    );
    return { id: made.LaunchTemplate?.LaunchTemplateId ?? "", group };
  }

  /** Creates a group with a template of the same name. */
  async group(
    name: string,
    {
      data,
      ...asked
    }: Partial<CreateAutoScalingGroupCommandInput> & { data?: RequestLaunchTemplateData } = {},
  ): Promise<void> {
    const { id } = await this.template(name, data);
    await this.groups.send(
      new CreateAutoScalingGroupCommand({
        AutoScalingGroupName: name,
        MinSize: 0,
        MaxSize: 4,
        AvailabilityZones: ["a", "b", "c"].map((letter) => `${this.region}${letter}`),
        MixedInstancesPolicy: {
          LaunchTemplate: { LaunchTemplateSpecification: { LaunchTemplateId: id, Version: "$Latest" } },
        },
        Tags: [{ Key: "spawn:sweep", Value: name, PropagateAtLaunch: true }],
        ...asked,
      }),
    );
  }

  async describe(name: string) {
    const { AutoScalingGroups: found = [] } = await this.groups.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }),
    );
    return found[0];
  }

  /** Its running instances in EC2. */
  async instances(name: string, state = "running"): Promise<Instance[]> {
    const { Reservations: found = [] } = await this.ec2.send(
      new DescribeInstancesCommand({
        Filters: [
          { Name: "tag:aws:autoscaling:groupName", Values: [name] },
          { Name: "instance-state-name", Values: [state] },
        ],
      }),
    );
    return found.flatMap(({ Instances = [] }) => Instances);
  }

  async ids(name: string, state = "running"): Promise<string[]> {
    return (await this.instances(name, state)).map(({ InstanceId = "" }) => InstanceId).sort();
  }

  /** Waits until the group has this many members apart from those in `gone`. */
  async settled(name: string, count: number, gone: readonly string[] = []): Promise<string[]> {
    for (;;) {
      const ids = await this.ids(name);
      if (ids.length === count && !ids.some((id) => gone.includes(id))) return ids;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** The name and text of a request's error. */
export async function errorOf(request: Promise<unknown>): Promise<string> {
  try {
    await request;
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  throw new Error("The request worked.");
}
