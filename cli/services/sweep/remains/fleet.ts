import {
  DeleteAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
} from "@aws-sdk/client-auto-scaling";
import {
  DeleteLaunchTemplateCommand,
  DeleteSecurityGroupCommand,
  DescribeLaunchTemplatesCommand,
  DescribeSecurityGroupsCommand,
} from "@aws-sdk/client-ec2";
import { errorName } from "../../../../connection/errors/failure.ts";
import { pause, withRetry } from "../../../../provider/store/retry.ts";
import { UserError } from "../../../../staging/errors.ts";
import type { Region } from "../../../../staging/regions.ts";
import type { Context } from "../../../context.ts";
import type { Remain } from "./remain.ts";

/** Names under which a region can have something of a sweep. */
export interface FleetNames {
  readonly region: Region;
  /** Of the group and the launch template. */
  readonly name: string;
  readonly securityGroup: string;
}

/** Instances take minutes to end, and keep their group and its security group until then. */
const PATIENCE = { attempts: 180, firstDelayMs: 500, maxDelayMs: 10_000 };
const POLL_MS = 2_000;
const POLLS = 450;

const BUSY = ["ResourceInUse", "ScalingActivityInProgress", "DependencyViolation", "InvalidGroup.InUse"];
const GONE = [
  "InvalidGroup.NotFound",
  "InvalidLaunchTemplateId.NotFound",
  "InvalidLaunchTemplateName.NotFoundException",
];

/** The Auto Scaling group, the launch template and the security groups of a sweep in one region. */
export async function fleetRemains(
  context: Pick<Context, "clientConfig">,
  names: FleetNames,
): Promise<Remain[]> {
  const found = await Promise.all([groups(context, names), ...(await inEc2(context, names))]);
  return found.flat();
}

async function groups(
  context: Pick<Context, "clientConfig">,
  { region, name }: FleetNames,
): Promise<Remain[]> {
  const { makeAutoScalingClient } = await import("../../../clients/auto-scaling.ts");
  const client = makeAutoScalingClient(await context.clientConfig("AUTO_SCALING", region));
  const isThere = async (signal?: AbortSignal): Promise<boolean> => {
    const command = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] });
    const { AutoScalingGroups = [] } = await client.send(
      command,
      signal === undefined ? {} : { abortSignal: signal },
    );
    return AutoScalingGroups.some(({ AutoScalingGroupName }) => AutoScalingGroupName === name);
  };
  const remove = async (signal: AbortSignal): Promise<void> => {
    // Its instances end with it.
    const command = new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: name, ForceDelete: true });
    await patiently(signal, async () => {
      if (await isThere(signal)) await client.send(command, { abortSignal: signal });
    });
    for (let poll = 1; await isThere(signal); poll++) {
      if (poll === POLLS) throw stillThere(name, region);
      await pause(POLL_MS, signal);
    }
  };
  return (await isThere()) ? [{ kind: "Auto Scaling group", region, name, remove }] : [];
}

async function inEc2(
  context: Pick<Context, "clientConfig">,
  { region, name, securityGroup }: FleetNames,
): Promise<Promise<Remain[]>[]> {
  const { makeEc2Client } = await import("../../../clients/ec2.ts");
  const client = makeEc2Client(await context.clientConfig("EC2", region));
  // A filter that nothing passes is no error, unlike a name that nothing has.
  const byName = (filter: string, value: string) => ({ Filters: [{ Name: filter, Values: [value] }] });

  async function templates(): Promise<Remain[]> {
    const command = new DescribeLaunchTemplatesCommand(byName("launch-template-name", name));
    const { LaunchTemplates = [] } = await client.send(command);
    return LaunchTemplates.filter(({ LaunchTemplateName }) => LaunchTemplateName === name).map(
      ({ LaunchTemplateId }) => ({
        ...{ kind: "launch template" as const, region, name },
        remove: (signal) =>
          patiently(signal, async () => {
            await client.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId }), { abortSignal: signal });
          }),
      }),
    );
  }

  async function securityGroups(): Promise<Remain[]> {
    const command = new DescribeSecurityGroupsCommand(byName("group-name", securityGroup));
    const { SecurityGroups = [] } = await client.send(command);
    return SecurityGroups.filter(({ GroupName }) => GroupName === securityGroup).map(({ GroupId }) => ({
      ...{ kind: "security group" as const, region, name: securityGroup },
      remove: (signal) =>
        patiently(signal, async () => {
          await client.send(new DeleteSecurityGroupCommand({ GroupId }), { abortSignal: signal });
        }),
    }));
  }
  return [templates(), securityGroups()];
}

/** Again and again while AWS says that something is in use; what is gone needs no deletion. */
async function patiently(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  try {
    await withRetry(work, {
      ...{ ...PATIENCE, signal },
      retryable: (error) => BUSY.some((name) => errorName(error).startsWith(name)),
    });
  } catch (error) {
    if (!GONE.includes(errorName(error))) throw error;
  }
}

const stillThere = (name: string, region: Region): UserError =>
  new UserError(`the Auto Scaling group ${name} in ${region} is still being deleted`, {
    why: "Its instances have not ended yet.",
    fix: "Run the command again in a few minutes.",
  });
