import {
  type AutoScalingGroup,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  ResumeProcessesCommand,
  SuspendProcessesCommand,
  UpdateAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import { messageOf } from "../../../staging/errors.ts";
import { defineResource } from "../resource.ts";
import { autoScaling } from "../sdk/auto-scaling.ts";
import type { Call } from "../sdk/call.ts";
import { isAwsError, wasRetried } from "../sdk/errors.ts";
import { settle } from "../sdk/settle.ts";
import { reachCapacity } from "./capacity.ts";
import { deleteGroup } from "./delete-group.ts";
import { parseDuration } from "./duration.ts";
import { contradictions, type GroupComputed, type GroupInputs, groupFields } from "./group-fields.ts";
import { changesOf, fromGroup, toGroup } from "./group-settings.ts";
import { setGroupTags } from "./tags.ts";

/** Time for Auto Scaling to see a new instance profile of IAM; the official provider waits two minutes. */
const PROPAGATION_MS = 120_000;

export default defineResource<typeof groupFields, GroupComputed>({
  title: "Auto Scaling group",
  fields: groupFields,
  computed: ["arn", "predictedCapacity", "warmPoolSize"],
  check: contradictions,

  async create(inputs, call) {
    const { name } = inputs;
    const request = new CreateAutoScalingGroupCommand(toGroup(inputs));
    const create = async () => {
      try {
        await autoScaling(call).send(request);
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
      create,
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
  return (await autoScaling(call).send(request)).AutoScalingGroups?.[0];
}

async function waitFor(
  isEnough: (healthy: number) => boolean,
  name: string,
  { waitForCapacityTimeout }: GroupInputs,
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
    await autoScaling(call).send(request);
  }
  if (suspended.length > 0) {
    const request = new SuspendProcessesCommand({ AutoScalingGroupName, ScalingProcesses: suspended });
    await autoScaling(call).send(request);
  }
}
