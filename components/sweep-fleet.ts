import { Group, type GroupArgs } from "@pulumi/aws/autoscaling/group.js";
import { LaunchTemplate, type LaunchTemplateArgs } from "@pulumi/aws/ec2/launchTemplate.js";
import { SecurityGroup, type SecurityGroupArgs } from "@pulumi/aws/ec2/securityGroup.js";
import { ComponentResource, type ComponentResourceOptions, type Input, type Output } from "@pulumi/pulumi";
import type { EnvironmentSettings } from "../staging/environment.ts";
import type { SweepRunRegion } from "../staging/resources/sweep-run.ts";
import { securityGroupName, sweepResourceName } from "../staging/sweep/names.ts";
import type { SweepRegion, SweepSpec } from "../staging/sweep/spec.ts";
import { throughputMibps } from "../staging/sweep/volume.ts";
import { child, type Transform } from "./child.ts";
import type { SweepRole } from "./sweep-role.ts";
import { sweepTags } from "./sweep-tags.ts";

/** Transforms of the children of each {@link SweepFleet}; a function can distinguish regions by `args.region`. */
export interface SweepFleetTransform {
  /** The security group. @default none */
  securityGroup?: Transform<SecurityGroupArgs>;
  /** The launch template. @default none @example { keyName: "debug" } */
  launchTemplate?: Transform<LaunchTemplateArgs>;
  /** The Auto Scaling group. @default none @example { maxInstanceLifetime: 604_800 } */
  group?: Transform<GroupArgs>;
}

/** Existing resources for the instances of a region. */
export interface SweepPlace {
  /** The VPC of the subnets. @example "vpc-0123456789abcdef0" */
  readonly vpcId: Input<string>;
  /** At least one. @example ["subnet-0123456789abcdef0"] */
  readonly subnets: Input<string[]>;
  /** The image, of the sweep's architecture. @example "ami-0123456789abcdef0" */
  readonly imageId: Input<string>;
}

interface SweepFleetArgs {
  spec: SweepSpec;
  /** The environment of the sweep. */
  environment: EnvironmentSettings;
  /** The region's share of the sweep. */
  share: SweepRegion;
  place: SweepPlace;
  /** Base64; the same in all regions. */
  userData: string;
  role: SweepRole;
  /** Transforms of the children. @default none */
  transform?: SweepFleetTransform | undefined;
}

/** The device of the root volume of Amazon Linux. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html */
const ROOT_DEVICE = "/dev/xvda";

/**
 * The workers of one region: an Auto Scaling group that starts empty. Its capacity is not declared:
 * `staging:index:SweepRun` sets it, and each worker that leaves decrements it, so an update never restarts a worker.
 */
export class SweepFleet extends ComponentResource {
  readonly group: Group;
  /** The region as an input of the run. */
  readonly runRegion: Output<SweepRunRegion>;

  constructor(name: string, args: SweepFleetArgs, options?: ComponentResourceOptions) {
    super("spawn:index:SweepFleet", name, {}, options);
    const { spec, environment, share, place, role, transform = {} } = args;
    const { region } = share;
    const parent = this;
    const prefix = `${spec.id}-${region}`;
    const resourceName = sweepResourceName(environment, spec.id);
    const tags = sweepTags(spec, environment);

    this.group = createGroup(createLaunchTemplate(createSecurityGroup()));
    const { start, end, workers } = share;
    this.runRegion = this.group.name.apply((group) => ({ region, start, end, workers, group }));
    this.registerOutputs({ group: this.group.name });

    // Workers open connections; they accept none.
    function createSecurityGroup(): SecurityGroup {
      const own: SecurityGroupArgs = {
        region,
        name: securityGroupName(environment, spec.id),
        description: `Workers of the sweep ${spec.id}`,
        vpcId: place.vpcId,
        ingress: [],
        egress: [
          { protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["0.0.0.0/0"], ipv6CidrBlocks: ["::/0"] },
        ],
        tags,
      };
      return new SecurityGroup(
        ...child(transform.securityGroup, `${prefix}-security-group`, own, { parent }),
      );
    }

    function createLaunchTemplate(securityGroup: SecurityGroup): LaunchTemplate {
      const own: LaunchTemplateArgs = {
        region,
        name: resourceName,
        imageId: place.imageId,
        iamInstanceProfile: { name: role.profile.name },
        vpcSecurityGroupIds: [securityGroup.id],
        userData: args.userData,
        // A terminated instance costs nothing, so a worker ends its costs by shutting down.
        instanceInitiatedShutdownBehavior: "terminate",
        // A command in a container, one network hop away, does not get the worker's credentials.
        metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
        blockDeviceMappings: [
          {
            deviceName: ROOT_DEVICE,
            ebs: {
              volumeType: "gp3",
              volumeSize: spec.diskGib,
              throughput: throughputMibps(spec.diskGib),
              encrypted: "true",
              deleteOnTermination: "true",
            },
          },
        ],
        tagSpecifications: ["instance", "volume"].map((resourceType) => ({
          resourceType,
          tags: { ...tags, Name: resourceName },
        })),
        tags,
      };
      // A newer image must not change a running sweep.
      const options = { parent, ignoreChanges: ["imageId"] };
      return new LaunchTemplate(
        ...child(transform.launchTemplate, `${prefix}-launch-template`, own, options),
      );
    }

    function createGroup(template: LaunchTemplate): Group {
      const own: GroupArgs = {
        region,
        name: resourceName,
        minSize: 0,
        maxSize: share.workers,
        vpcZoneIdentifiers: place.subnets,
        mixedInstancesPolicy: {
          launchTemplate: {
            launchTemplateSpecification: { launchTemplateId: template.id, version: "$Latest" },
            overrides: spec.instanceTypes.map((instanceType) => ({ instanceType })),
          },
          instancesDistribution: spec.spot
            ? {
                onDemandBaseCapacity: 0,
                onDemandPercentageAboveBaseCapacity: 0,
                spotAllocationStrategy: "price-capacity-optimized",
              }
            : { onDemandBaseCapacity: 0, onDemandPercentageAboveBaseCapacity: 100 },
        },
        capacityRebalance: false,
        // Rebalancing ends busy instances to spread the others evenly.
        suspendedProcesses: ["AZRebalance"],
        // The group is empty until the run starts, and workers empty it, so the engine must not wait for its capacity.
        waitForCapacityTimeout: "0",
        forceDelete: true,
        tags: Object.entries({ ...tags, Name: resourceName }).map(([key, value]) => ({
          ...{ key, value },
          propagateAtLaunch: true,
        })),
      };
      // Instances keep their permissions until they end.
      const options = { parent, dependsOn: [...role.rights] };
      return new Group(...child(transform.group, `${prefix}-group`, own, options));
    }
  }
}
