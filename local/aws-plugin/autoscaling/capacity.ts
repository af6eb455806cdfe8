import { type AutoScalingGroup, paginateDescribeScalingActivities } from "@aws-sdk/client-auto-scaling";
import { UserError } from "../../../staging/errors.ts";
import { autoScaling } from "../sdk/auto-scaling.ts";
import type { Call } from "../sdk/call.ts";
import { settle } from "../sdk/settle.ts";

/**
 * Waits for healthy instances of a group.
 * @param patience in milliseconds; 0 does not wait
 * @param describe the group, or undefined if it does not exist
 * @param isEnough for a number of instances, or for their weights
 * @throws UserError if AWS could not start an instance, or after `patience`
 */
export async function reachCapacity(
  name: string,
  patience: number,
  describe: () => Promise<AutoScalingGroup | undefined>,
  isEnough: (healthy: number) => boolean,
  call: Call,
): Promise<void> {
  if (patience === 0) return;
  const start = new Date(Math.floor(Date.now() / 1_000) * 1_000); // activities have times in whole seconds
  const probe = async () => {
    const healthy = ((await describe())?.Instances ?? [])
      .filter((one) => one.HealthStatus === "Healthy" && one.LifecycleState === "InService")
      .reduce((sum, { WeightedCapacity }) => sum + Number(WeightedCapacity || 1), 0);
    if (isEnough(healthy)) return true;
    await assertNoneFailed(name, start, call);
    return undefined;
  };
  await settle(call, `the Auto Scaling group ${name} to have its capacity`, probe, patience);
}

/** AWS repeatedly retries impossible launches, such as with a missing image. */
async function assertNoneFailed(AutoScalingGroupName: string, since: Date, call: Call): Promise<void> {
  const client = autoScaling(call);
  const pages = paginateDescribeScalingActivities({ client }, { AutoScalingGroupName });
  for await (const { Activities = [] } of pages) {
    for (const { StatusCode, Progress, StartTime = since, StatusMessage = "" } of Activities) {
      if (StatusCode !== "Failed" || Progress !== 100 || StartTime < since) continue;
      if (/Invalid IAM Instance Profile/.test(StatusMessage)) continue; // until IAM knows it
      throw new UserError(`the Auto Scaling group ${AutoScalingGroupName} cannot start its instances`, {
        why: StatusMessage || "AWS does not say why.",
      });
    }
  }
}
