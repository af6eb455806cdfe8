import {
  type AutoScalingGroup,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  ResumeProcessesCommand,
  SuspendProcessesCommand,
  UpdateAutoScalingGroupCommand,
  type UpdateAutoScalingGroupCommandInput,
} from "@aws-sdk/client-auto-scaling";
import type { CheckFailure, Properties } from "../../../provider/plugin/types.ts";
import { type Actual, defineResource } from "../resource.ts";
import { differs } from "../schema/compare.ts";
import { boolean, choice, type InputsOf, integer, list, object, string } from "../schema/fields.ts";
import { autoScaling } from "../sdk/auto-scaling.ts";
import type { Call } from "../sdk/call.ts";
import { isAwsError, wasRetried } from "../sdk/errors.ts";
import { given } from "../sdk/given.ts";
import { settle } from "../sdk/settle.ts";
import { reachCapacity } from "./capacity.ts";
import { deleteGroup } from "./delete-group.ts";
import { parseDuration } from "./duration.ts";
import {
  fromMixedInstancesPolicy,
  fromSpecification,
  mixedInstancesPolicy,
  toMixedInstancesPolicy,
  toSpecification,
} from "./mixed-instances-policy.ts";
import { fromGroupTags, setGroupTags, tags, toGroupTags } from "./tags.ts";

const chosen = { computed: true } as const;
/** A list whose order means nothing. */
const set = (options: object = {}) => list(string({}), { ...options, keyOf: (item: string) => item });

const fields = {
  name: string({ required: true, replaces: true, names: true, problem: nameProblem }),
  minSize: integer({ required: true }),
  maxSize: integer({ required: true }),
  // Whoever scales the group changes it: a program that does not declare it sees no difference.
  desiredCapacity: integer(chosen),
  availabilityZones: set({ ...chosen, alternative: true }),
  vpcZoneIdentifiers: set(chosen),
  capacityRebalance: boolean(),
  defaultCooldown: integer(chosen),
  healthCheckGracePeriod: integer({ default: 300 }),
  healthCheckType: choice(["EC2", "ELB", "EBS", "VPC_LATTICE"], chosen),
  launchTemplate: object({ id: string(chosen), name: string(chosen), version: string(chosen) }, chosen),
  maxInstanceLifetime: integer(), // seconds
  mixedInstancesPolicy,
  protectFromScaleIn: boolean({ default: false }),
  serviceLinkedRoleArn: string(chosen),
  suspendedProcesses: set(),
  terminationPolicies: list(string({})),
  tags,
  forceDelete: boolean({ default: false, unreported: true }),
  waitForCapacityTimeout: string({ default: "10m", unreported: true, problem: durationProblem }),
};

type Inputs = InputsOf<typeof fields>;
type Computed = { arn: string; predictedCapacity: number; warmPoolSize: number };

/** How long IAM takes to tell Auto Scaling of a new instance profile; the official provider waits two minutes. */
const PROPAGATION_MS = 120_000;

export default defineResource<typeof fields, Computed>({
  title: "Auto Scaling group",
  fields,
  computed: ["arn", "predictedCapacity", "warmPoolSize"],
  check: contradictions,

  async create(inputs, call) {
    const {
      name,
      tags: own,
      capacityRebalance,
      desiredCapacity,
      maxInstanceLifetime,
      terminationPolicies,
    } = inputs;
    const request = new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: name,
      ...settingsOf(inputs),
      MinSize: inputs.minSize,
      MaxSize: inputs.maxSize,
      ...(desiredCapacity && { DesiredCapacity: desiredCapacity }),
      ...(capacityRebalance && { CapacityRebalance: capacityRebalance }),
      ...(maxInstanceLifetime && { MaxInstanceLifetime: maxInstanceLifetime }),
      ...(terminationPolicies?.length && { TerminationPolicies: terminationPolicies }),
      ...(own?.length && { Tags: toGroupTags(own, name) }),
    });
    const made = async () => {
      try {
        await autoScaling(call).send(request, call.http);
        return true;
      } catch (error) {
        if (isAwsError(error, "ValidationError") && /Invalid IAM Instance Profile/.test(messageOf(error))) {
          return undefined;
        }
        if (isAwsError(error, "AlreadyExists", "AlreadyExistsFault") && wasRetried(error)) return true;
        throw error;
      }
    };
    await settle(
      call,
      `the instance profile of the Auto Scaling group ${name} to be known`,
      made,
      PROPAGATION_MS,
    );
    return name;
  },
  async finish(name, inputs, call) {
    const least = inputs.desiredCapacity || inputs.minSize;
    await waitFor((healthy) => healthy >= least, name, inputs, call);
    await setSuspended(name, [], inputs.suspendedProcesses, call);
  },
  async update(name, inputs, actual, call) {
    const changes = changesOf(inputs, actual);
    if (Object.keys(changes).length > 0) {
      await autoScaling(call).send(
        new UpdateAutoScalingGroupCommand({
          AutoScalingGroupName: name,
          NewInstancesProtectedFromScaleIn: inputs.protectFromScaleIn,
          ...changes,
        }),
        call.http,
      );
    }
    await setGroupTags(name, actual.tags, inputs.tags, call);
    if (changes.DesiredCapacity !== undefined || changes.MinSize !== undefined) {
      const target = Math.max(inputs.desiredCapacity ?? actual.desiredCapacity ?? 0, inputs.minSize);
      await waitFor((healthy) => healthy === target, name, inputs, call);
    }
    await setSuspended(name, actual.suspendedProcesses, inputs.suspendedProcesses, call);
  },

  async read(name, call) {
    const group = await describeGroup(name, call);
    return group && fromGroup(group);
  },

  async delete(name, { forceDelete }, call) {
    await deleteGroup(name, forceDelete, () => describeGroup(name, call), call);
  },
});

async function describeGroup(name: string, call: Call): Promise<AutoScalingGroup | undefined> {
  const request = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] });
  return (await autoScaling(call).send(request, call.http)).AutoScalingGroups?.[0];
}

function fromGroup(group: AutoScalingGroup): Actual<typeof fields, Computed> {
  const { LaunchTemplate: template, MixedInstancesPolicy: mixed, TerminationPolicies: termination } = group;
  const zones = group.VPCZoneIdentifier?.split(",").filter((subnet) => subnet !== "");
  const suspended = group.SuspendedProcesses?.flatMap(({ ProcessName }) => ProcessName ?? []);
  const { launchTemplateId, launchTemplateName, version } = fromSpecification(template ?? {});
  return {
    ...given({
      capacityRebalance: group.CapacityRebalance,
      defaultCooldown: group.DefaultCooldown,
      desiredCapacity: group.DesiredCapacity,
      healthCheckGracePeriod: group.HealthCheckGracePeriod,
      healthCheckType: group.HealthCheckType as Inputs["healthCheckType"] | undefined, // a text to the SDK
      maxInstanceLifetime: group.MaxInstanceLifetime,
      launchTemplate: template && given({ id: launchTemplateId, name: launchTemplateName, version }),
      mixedInstancesPolicy: mixed && fromMixedInstancesPolicy(mixed),
      serviceLinkedRoleArn: group.ServiceLinkedRoleARN,
      suspendedProcesses: unlessEmpty(suspended),
      tags: fromGroupTags(group.Tags),
      // AWS says its own default where none is declared.
      terminationPolicies: termination?.join() === DEFAULT_TERMINATION ? undefined : unlessEmpty(termination),
      vpcZoneIdentifiers: unlessEmpty(zones),
    }),
    name: group.AutoScalingGroupName ?? "",
    minSize: group.MinSize ?? 0,
    maxSize: group.MaxSize ?? 0,
    availabilityZones: group.AvailabilityZones ?? [],
    protectFromScaleIn: group.NewInstancesProtectedFromScaleIn ?? false,
    arn: group.AutoScalingGroupARN ?? "",
    predictedCapacity: group.PredictedCapacity ?? 0,
    warmPoolSize: group.WarmPoolSize ?? 0,
  };
}

const DEFAULT_TERMINATION = "Default";

/** What creation and update say in the same words, where it is declared. */
function settingsOf(inputs: Partial<Inputs>) {
  const { launchTemplate: template, mixedInstancesPolicy: mixed, vpcZoneIdentifiers: zones } = inputs;
  return given({
    AvailabilityZones: unlessEmpty(inputs.availabilityZones),
    DefaultCooldown: inputs.defaultCooldown,
    HealthCheckGracePeriod: inputs.healthCheckGracePeriod,
    HealthCheckType: inputs.healthCheckType,
    LaunchTemplate:
      template &&
      toSpecification(
        given({
          launchTemplateId: template.id,
          launchTemplateName: template.name,
          version: template.version,
        }),
      ),
    MixedInstancesPolicy: mixed && toMixedInstancesPolicy(mixed),
    NewInstancesProtectedFromScaleIn: inputs.protectFromScaleIn,
    ServiceLinkedRoleARN: inputs.serviceLinkedRoleArn,
    VPCZoneIdentifier: zones?.length ? zones.join() : undefined,
  });
}

/** What UpdateAutoScalingGroup has to be told: only what differs, so that a capacity that nobody declares stays as it is. */
function changesOf(
  inputs: Inputs,
  actual: Partial<Inputs>,
): Omit<UpdateAutoScalingGroupCommandInput, "AutoScalingGroupName"> {
  const changed = <K extends keyof Inputs>(name: K) => differs(fields[name], actual[name], inputs[name]);
  const different = Object.keys(fields).filter((name) => changed(name as keyof Inputs));
  const some: Partial<Inputs> = Object.fromEntries(
    different.map((name) => [name, inputs[name as keyof Inputs]]),
  );
  return {
    ...settingsOf(some),
    ...given({ MinSize: some.minSize, MaxSize: some.maxSize, DesiredCapacity: some.desiredCapacity }),
    // What is no longer declared has to be set back: AWS would keep it.
    ...(changed("capacityRebalance") && { CapacityRebalance: inputs.capacityRebalance ?? false }),
    ...(changed("maxInstanceLifetime") && { MaxInstanceLifetime: inputs.maxInstanceLifetime ?? 0 }),
    ...(changed("terminationPolicies") && {
      TerminationPolicies: unlessEmpty(inputs.terminationPolicies) ?? [DEFAULT_TERMINATION],
    }),
  };
}

async function waitFor(
  isEnough: (healthy: number) => boolean,
  name: string,
  { waitForCapacityTimeout }: Inputs,
  call: Call,
): Promise<void> {
  const patience = parseDuration(waitForCapacityTimeout) ?? 0;
  await reachCapacity(name, patience, () => describeGroup(name, call), isEnough, call);
}

async function setSuspended(
  AutoScalingGroupName: string,
  before: readonly string[] = [],
  after: readonly string[] = [],
  call: Call,
): Promise<void> {
  const resumed = before.filter((process) => !after.includes(process));
  const suspended = after.filter((process) => !before.includes(process));
  if (resumed.length > 0) {
    const request = new ResumeProcessesCommand({ AutoScalingGroupName, ScalingProcesses: resumed });
    await autoScaling(call).send(request, call.http);
  }
  if (suspended.length > 0) {
    const request = new SuspendProcessesCommand({ AutoScalingGroupName, ScalingProcesses: suspended });
    await autoScaling(call).send(request, call.http);
  }
}

function contradictions(inputs: Properties): CheckFailure[] {
  const { launchTemplate, mixedInstancesPolicy: mixed, availabilityZones, vpcZoneIdentifiers } = inputs;
  return [
    ...((launchTemplate === undefined) === (mixed === undefined)
      ? [
          {
            property: "mixedInstancesPolicy",
            reason: "exactly one of launchTemplate and mixedInstancesPolicy is needed",
          },
        ]
      : []),
    ...(availabilityZones !== undefined && vpcZoneIdentifiers !== undefined
      ? [
          {
            property: "availabilityZones",
            reason: "conflicts with vpcZoneIdentifiers, whose zones AWS takes",
          },
        ]
      : []),
  ];
}

const unlessEmpty = <T>(items: readonly T[] | undefined): T[] | undefined =>
  items?.length ? [...items] : undefined;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html */
function nameProblem(name: string): string | undefined {
  return /^[^:\p{Cc}]{1,255}$/u.test(name)
    ? undefined
    : `"${name}" must have 1 to 255 characters, and no colon`;
}

function durationProblem(text: string): string | undefined {
  return parseDuration(text) === undefined
    ? `"${text}" is not a duration, such as "10m", "90s" or "0"`
    : undefined;
}
