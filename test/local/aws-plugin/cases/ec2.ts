import { type Case, REGION } from "./case.ts";

export const TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate";
const GROUP = "aws:ec2/securityGroup:SecurityGroup";
const base64 = (text: string) => Buffer.from(text).toString("base64");
const everywhere = {
  protocol: "-1",
  fromPort: 0,
  toPort: 0,
  cidrBlocks: ["0.0.0.0/0"],
  ipv6CidrBlocks: ["::/0"],
};
const https = { protocol: "tcp", fromPort: 443, toPort: 443 };

export const ec2Cases: readonly Case[] = [
  {
    name: "SecurityGroup",
    type: GROUP,
    inputs: {
      name: "conf-group",
      region: REGION,
      description: "Workers",
      ingress: [],
      egress: [everywhere],
      tags: { team: "genomics", old: "x" },
    },
    id: /^sg-[0-9a-f]+$/,
    outputs: { ownerId: "ACCOUNT", tagsAll: { team: "genomics", old: "x" } },
    same: { egress: [{ ...everywhere, self: false }] },
    change: {
      ingress: [
        { ...https, cidrBlocks: ["10.0.0.0/8", "192.168.0.0/16"], description: "from inside" },
        { ...https, self: true },
      ],
      egress: [
        { ...https, cidrBlocks: ["10.1.0.0/16", "10.2.0.0/16"] },
        { protocol: "tcp", fromPort: 80, toPort: 80, cidrBlocks: ["10.1.0.0/16"] },
      ],
      tags: { team: "physics", new: "y" },
    },
    replacing: [
      { change: { name: "conf-group-two" } },
      { change: { description: "Others" }, deleteFirst: true },
      { change: { vpcId: "vpc-1" }, deleteFirst: true },
    ],
    beyond: { moto: "it revokes no range of IPv6" },
  },
  {
    name: "SecurityGroup without rules",
    type: GROUP,
    inputs: { name: "conf-closed", region: "us-east-1" },
    id: /^sg-/,
    outputs: { description: "Managed by Pulumi", ingress: [], egress: [], tagsAll: {} },
    change: { egress: [{ ...https, cidrBlocks: ["0.0.0.0/0"] }] },
    replacing: [],
  },
  {
    name: "LaunchTemplate",
    type: TEMPLATE,
    inputs: {
      name: "conf-template",
      region: REGION,
      description: "Workers of a sweep",
      imageId: "ami-0123456789abcdef0",
      instanceType: "c7i.large",
      userData: base64("#!/bin/sh\necho started\n"),
      iamInstanceProfile: { name: "conf-worker" },
      instanceInitiatedShutdownBehavior: "terminate",
      metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
      blockDeviceMappings: [
        {
          deviceName: "/dev/xvda",
          ebs: {
            volumeType: "gp3",
            volumeSize: 64,
            throughput: 500,
            encrypted: "true",
            deleteOnTermination: "true",
          },
        },
      ],
      vpcSecurityGroupIds: ["sg-0123456789abcdef0", "sg-1123456789abcdef0"],
      tagSpecifications: [
        { resourceType: "instance", tags: { "spawn:sweep": "sweep-1", Name: "worker" } },
        { resourceType: "volume", tags: { "spawn:sweep": "sweep-1" } },
      ],
      updateDefaultVersion: true,
      tags: { team: "genomics", old: "x" },
    },
    id: /^lt-[0-9a-f]+$/,
    outputs: { defaultVersion: 1, latestVersion: 1, tagsAll: { team: "genomics", old: "x" } },
    same: { vpcSecurityGroupIds: ["sg-1123456789abcdef0", "sg-0123456789abcdef0"] },
    change: {
      userData: base64("#!/bin/sh\necho changed\n"),
      imageId: "ami-1123456789abcdef0",
      tags: { team: "physics", new: "y" },
    },
    replacing: [{ change: { name: "conf-template-two" } }],
    notImported: ["updateDefaultVersion"],
    beyond: { moto: "it counts the template's own tags among those that its instances get" },
  },
  {
    name: "LaunchTemplate with interfaces of its own",
    type: TEMPLATE,
    inputs: {
      name: "conf-public",
      region: "us-east-1",
      networkInterfaces: [
        { deviceIndex: 0, associatePublicIpAddress: "true", securityGroups: ["sg-0123456789abcdef0"] },
      ],
    },
    id: /^lt-/,
    outputs: { defaultVersion: 1, latestVersion: 1, tagsAll: {} },
    change: {
      userData: base64("#!/bin/sh\necho changed\n"),
      metadataOptions: { httpTokens: "required" },
      monitoring: { enabled: true },
    },
    replacing: [],
    notImported: ["updateDefaultVersion"],
    beyond: { ministack: "it answers an interface's groups in a form that the SDK does not know" },
  },
];
