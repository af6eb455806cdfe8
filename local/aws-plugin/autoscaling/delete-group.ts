import {
  type AutoScalingGroup,
  DeleteAutoScalingGroupCommand,
  SetInstanceProtectionCommand,
  UpdateAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import { autoScaling } from "../sdk/auto-scaling.ts";
import type { Call } from "../sdk/call.ts";
import { isAwsError, trueUnless } from "../sdk/errors.ts";
import { settle, settleGone } from "../sdk/settle.ts";

/** The official provider's timeout of each step. */
const PATIENCE_MS = 10 * 60_000;
/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_SetInstanceProtection.html */
const PROTECTED_AT_ONCE = 50;
const BUSY = [
  "ResourceInUse",
  "ResourceInUseFault",
  "ScalingActivityInProgress",
  "ScalingActivityInProgressFault",
];

/**
 * Deletes a group and waits until it is deleted. Without `force`, its instances end first.
 * @param describe the group, or undefined if it does not exist
 */
export async function deleteGroup(
  name: string,
  force: boolean,
  describe: () => Promise<AutoScalingGroup | undefined>,
  call: Call,
): Promise<void> {
  const group = await describe();
  if (group === undefined) return;
  if (!force) await drain(name, group, describe, call);
  const request = new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: name, ForceDelete: force });
  const deleted = async () => {
    try {
      return await trueUnless(BUSY, autoScaling(call).send(request));
    } catch (error) {
      if (isAwsError(error, "ValidationError") && /not found/.test((error as Error).message)) return true;
      throw error;
    }
  };
  await settle(call, `the Auto Scaling group ${name} to be free for deletion`, deleted, PATIENCE_MS);
  await settleGone(call, `the Auto Scaling group ${name}`, describe, PATIENCE_MS);
}

async function drain(
  AutoScalingGroupName: string,
  { Instances = [] }: AutoScalingGroup,
  describe: () => Promise<AutoScalingGroup | undefined>,
  call: Call,
): Promise<void> {
  await autoScaling(call).send(
    new UpdateAutoScalingGroupCommand({ AutoScalingGroupName, MinSize: 0, MaxSize: 0, DesiredCapacity: 0 }),
  );
  const guarded = Instances.filter((one) => one.ProtectedFromScaleIn).flatMap(
    ({ InstanceId }) => InstanceId ?? [],
  );
  for (let start = 0; start < guarded.length; start += PROTECTED_AT_ONCE) {
    const InstanceIds = guarded.slice(start, start + PROTECTED_AT_ONCE);
    await autoScaling(call).send(
      new SetInstanceProtectionCommand({ AutoScalingGroupName, InstanceIds, ProtectedFromScaleIn: false }),
    );
  }
  const empty = async () => ((await describe())?.Instances?.length ? undefined : true);
  await settle(
    call,
    `the instances of the Auto Scaling group ${AutoScalingGroupName} to end`,
    empty,
    PATIENCE_MS,
  );
}
