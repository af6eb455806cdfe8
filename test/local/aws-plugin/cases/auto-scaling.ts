import { type Case, REGION, type Step } from "./case.ts";
import { TEMPLATE } from "./ec2.ts";

const GROUP = "aws:autoscaling/group:Group";
const LOCAL = ["forceDelete", "waitForCapacityTimeout"];

const template = (name: string): Step => ({
  type: TEMPLATE,
  inputs: { name, region: REGION, imageId: "IMAGE", instanceType: "c7i.large" },
});

const policy = (name: string, types: readonly string[], more: object) => ({
  instancesDistribution: { onDemandBaseCapacity: 0, ...more },
  launchTemplate: {
    launchTemplateSpecification: { launchTemplateName: name, version: "$Latest" },
    overrides: types.map((instanceType) => ({ instanceType })),
  },
});

export const autoScalingCases: readonly Case[] = [
  {
    name: "Group",
    type: GROUP,
    needs: [template("conf-mixed")],
    inputs: {
      name: "conf-workers",
      region: REGION,
      minSize: 0,
      maxSize: 40,
      vpcZoneIdentifiers: ["SUBNET_0", "SUBNET_1"],
      mixedInstancesPolicy: policy("conf-mixed", ["c7i.large", "c6i.large"], {
        onDemandAllocationStrategy: "prioritized",
        onDemandPercentageAboveBaseCapacity: 0,
        spotAllocationStrategy: "price-capacity-optimized",
      }),
      suspendedProcesses: ["AZRebalance"],
      healthCheckType: "EC2",
      healthCheckGracePeriod: 60,
      forceDelete: true,
      waitForCapacityTimeout: "0",
      tags: [
        { key: "spawn:sweep", value: "sweep-1", propagateAtLaunch: true },
        { key: "old", value: "x", propagateAtLaunch: false },
      ],
    },
    id: "conf-workers",
    outputs: { desiredCapacity: 0, predictedCapacity: 0, warmPoolSize: 0 },
    same: {
      vpcZoneIdentifiers: ["SUBNET_1", "SUBNET_0"],
      tags: [
        { key: "old", value: "x", propagateAtLaunch: false },
        { key: "spawn:sweep", value: "sweep-1", propagateAtLaunch: true },
      ],
    },
    change: {
      maxSize: 20,
      mixedInstancesPolicy: policy("conf-mixed", ["c6i.large", "c7i.large", "m7i.large"], {
        onDemandPercentageAboveBaseCapacity: 100,
      }),
      suspendedProcesses: ["ReplaceUnhealthy", "AZRebalance"],
      vpcZoneIdentifiers: ["SUBNET_1"],
      tags: [
        { key: "spawn:sweep", value: "sweep-2", propagateAtLaunch: true },
        { key: "new", value: "y", propagateAtLaunch: false },
      ],
    },
    replacing: [{ change: { name: "conf-workers-two" } }],
    notImported: LOCAL,
  },
  {
    name: "Group of one template, without what else can be declared",
    type: GROUP,
    needs: [template("conf-single")],
    inputs: {
      name: "conf-plain-workers",
      region: REGION,
      minSize: 0,
      maxSize: 1,
      availabilityZones: ["us-west-2a"],
      launchTemplate: { name: "conf-single", version: "$Default" },
    },
    id: "conf-plain-workers",
    outputs: { desiredCapacity: 0 },
    change: { suspendedProcesses: ["Launch"], healthCheckGracePeriod: 90, minSize: 1 },
    replacing: [],
    notImported: LOCAL,
  },
  {
    name: "Group that suspends",
    type: GROUP,
    needs: [template("conf-suspended")],
    inputs: {
      name: "conf-suspending",
      region: REGION,
      minSize: 0,
      maxSize: 1,
      availabilityZones: ["us-west-2a"],
      launchTemplate: { name: "conf-suspended", version: "$Latest" },
      suspendedProcesses: ["AZRebalance", "Launch"],
      waitForCapacityTimeout: "0",
    },
    id: "conf-suspending",
    same: { suspendedProcesses: ["Launch", "AZRebalance"] },
    change: { suspendedProcesses: ["AZRebalance"], maxSize: 2, desiredCapacity: 1 },
    replacing: [],
    notImported: LOCAL,
  },
];
