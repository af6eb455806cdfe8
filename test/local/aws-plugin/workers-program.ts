import { Group } from "@pulumi/aws/autoscaling/group.js";
import { getSubnetOutput } from "@pulumi/aws/ec2/getSubnet.js";
import { getSubnetsOutput } from "@pulumi/aws/ec2/getSubnets.js";
import { LaunchTemplate } from "@pulumi/aws/ec2/launchTemplate.js";
import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup.js";
import { InstanceProfile } from "@pulumi/aws/iam/instanceProfile.js";
import { Role } from "@pulumi/aws/iam/role.js";
import { RolePolicyAttachment } from "@pulumi/aws/iam/rolePolicyAttachment.js";
import { getParameterOutput } from "@pulumi/aws/ssm/getParameter.js";
import type { Output } from "@pulumi/pulumi";

export const REGION = "us-west-2";
export const GROUP = "engine-workers";

/** The differences between two runs of the program. */
export interface WorkerSettings {
  readonly script: string;
  readonly most: number;
  readonly templateName: string;
}

/** The number of resources in {@link workers}, including the stack. */
export const WORKERS = 7;

/** Instances with undeclared capacity: a group without a declared capacity, and its requirements. */
export function workers({ script, most, templateName }: WorkerSettings): {
  image: Output<string>;
  capacity: Output<number>;
  version: Output<number>;
} {
  const region = REGION;
  const tags = { team: "genomics" };
  const image = getParameterOutput({
    name: "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
    region,
  }).insecureValue;
  const subnets = getSubnetsOutput({
    filters: [{ name: "default-for-az", values: ["true"] }],
    region,
  }).ids;
  const { vpcId } = getSubnetOutput({ id: subnets.apply(([first = ""]) => first), region });
  const role = new Role("role", {
    name: GROUP,
    assumeRolePolicy: {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
    },
  });
  const reading = new RolePolicyAttachment("reading", {
    role: role.name,
    policyArn: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
  });
  const profile = new InstanceProfile("profile", { name: GROUP, role: role.name, tags });
  const securityGroup = new SecurityGroup("security-group", {
    region,
    name: GROUP,
    description: "Workers",
    vpcId,
    ingress: [],
    egress: [{ protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["0.0.0.0/0"], ipv6CidrBlocks: ["::/0"] }],
    tags,
  });
  const template = new LaunchTemplate("template", {
    region,
    name: templateName,
    imageId: image,
    instanceInitiatedShutdownBehavior: "terminate",
    iamInstanceProfile: { name: profile.name },
    vpcSecurityGroupIds: [securityGroup.id],
    userData: Buffer.from(script).toString("base64"),
    metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
    tags,
  });
  const group = new Group(
    "group",
    {
      region,
      name: GROUP,
      minSize: 0,
      maxSize: most,
      vpcZoneIdentifiers: subnets,
      mixedInstancesPolicy: {
        launchTemplate: {
          launchTemplateSpecification: { launchTemplateId: template.id, version: "$Latest" },
          overrides: [{ instanceType: "c7i.large" }, { instanceType: "c6i.large" }],
        },
        instancesDistribution: { onDemandBaseCapacity: 0, onDemandPercentageAboveBaseCapacity: 100 },
      },
      suspendedProcesses: ["AZRebalance"],
      waitForCapacityTimeout: "0",
      forceDelete: true,
      tags: [{ key: "team", value: "genomics", propagateAtLaunch: true }],
    },
    { dependsOn: [reading] },
  );
  return { image, capacity: group.desiredCapacity, version: template.latestVersion };
}
