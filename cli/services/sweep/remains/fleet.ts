import {
  type AutoScalingClient,
  DeleteAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
} from "@aws-sdk/client-auto-scaling";
import {
  DeleteLaunchTemplateCommand,
  DeleteSecurityGroupCommand,
  DescribeLaunchTemplatesCommand,
  DescribeSecurityGroupsCommand,
  type EC2Client,
} from "@aws-sdk/client-ec2";
import { errorName } from "../../../../connection/errors/failure.ts";
import { pause, withRetry } from "../../../../provider/store/retry.ts";
import { UserError } from "../../../../staging/errors.ts";
import type { Region } from "../../../../staging/regions.ts";
import type { Remain } from "./remain.ts";

/** The names of a sweep's resources in one region. */
interface FleetNames {
  readonly region: Region;
  /** Of the group and the launch template. */
  readonly name: string;
  readonly securityGroup: string;
}

/** Instances take minutes to end; their group and its security group cannot be deleted before. */
const PATIENCE = { attempts: 180, firstDelayMs: 500, maxDelayMs: 10_000, pollMs: 2_000, polls: 450 };

const BUSY = ["ResourceInUse", "ScalingActivityInProgress", "DependencyViolation", "InvalidGroup.InUse"];
const GONE = [
  "InvalidGroup.NotFound",
  "InvalidLaunchTemplateId.NotFound",
  "InvalidLaunchTemplateName.NotFoundException",
];

/** The Auto Scaling group of a sweep in one region. Its instances end with it. */
export async function groupRemains(
  client: AutoScalingClient,
  { region, name }: FleetNames,
  patience = PATIENCE,
): Promise<Remain[]> {
  const isThere = async (signal?: AbortSignal): Promise<boolean> => {
    const command = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] });
    const { AutoScalingGroups = [] } = await client.send(
      command,
      signal === undefined ? {} : { abortSignal: signal },
    );
    return AutoScalingGroups.some(({ AutoScalingGroupName }) => AutoScalingGroupName === name);
  };
  const remove = async (signal: AbortSignal): Promise<void> => {
    const command = new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: name, ForceDelete: true });
    await patiently(patience, signal, async () => {
      if (await isThere(signal)) await client.send(command, { abortSignal: signal });
    });
    for (let poll = 1; await isThere(signal); poll++) {
      if (poll === patience.polls) throw stillThere(name, region);
      await pause(patience.pollMs, signal);
    }
  };
  return (await isThere()) ? [{ kind: "Auto Scaling group", region, name, remove }] : [];
}

/** The launch template and the security groups of a sweep in one region. */
export async function ec2Remains(
  client: EC2Client,
  { region, name, securityGroup }: FleetNames,
  patience = PATIENCE,
): Promise<Remain[]> {
  // A filter without a match returns an empty list; a name without a match is an error.
  const byName = (filter: string, value: string) => ({ Filters: [{ Name: filter, Values: [value] }] });
  const remain = (
    kind: Remain["kind"],
    name: string,
    send: (options: { abortSignal: AbortSignal }) => Promise<unknown>,
  ): Remain => ({
    ...{ kind, region, name },
    remove: (signal) => patiently(patience, signal, () => send({ abortSignal: signal })),
  });
  const [{ LaunchTemplates = [] }, { SecurityGroups = [] }] = await Promise.all([
    client.send(new DescribeLaunchTemplatesCommand(byName("launch-template-name", name))),
    client.send(new DescribeSecurityGroupsCommand(byName("group-name", securityGroup))),
  ]);
  return [
    ...LaunchTemplates.filter(({ LaunchTemplateName }) => LaunchTemplateName === name).map(
      ({ LaunchTemplateId }) =>
        remain("launch template", name, (options) =>
          client.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId }), options),
        ),
    ),
    ...SecurityGroups.filter(({ GroupName }) => GroupName === securityGroup).map(({ GroupId }) =>
      remain("security group", securityGroup, (options) =>
        client.send(new DeleteSecurityGroupCommand({ GroupId }), options),
      ),
    ),
  ];
}

/** Retries while AWS reports that the resource is in use. A resource that is gone needs no deletion. */
async function patiently(
  patience: typeof PATIENCE,
  signal: AbortSignal,
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await withRetry(work, {
      ...{ ...patience, signal },
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
