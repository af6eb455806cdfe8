import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  PutScheduledUpdateGroupActionCommand,
  SetDesiredCapacityCommand,
} from "@aws-sdk/client-auto-scaling";
import { type Access, clientSettings, directAccess } from "../../connection/access.ts";
import { errorName } from "../../connection/errors/failure.ts";
import { messageOf } from "../../staging/errors.ts";
import { oncePer } from "../../staging/once.ts";
import { DEADLINE_ACTION } from "../../staging/sweep/names.ts";
import { explained } from "../store/explain.ts";
import { withRetry } from "../store/retry.ts";
import { INSIDE, retriesInside } from "../store/retrying.ts";
import { followServerTime } from "../store/server-time.ts";
import { MissingGroup, type SweepGroups } from "./groups.ts";

type Clients = (region: string) => AutoScalingClient;

/** One client for each region, created on first use. @param access default: environment variables of this process, no proxy */
export const createAutoScalingClients = (access: Access = directAccess()): Clients =>
  oncePer((region) => {
    const client = new AutoScalingClient(clientSettings(access, "AUTO_SCALING", region));
    followServerTime(client);
    client.middlewareStack.add(retriesInside({ region }), INSIDE);
    return client;
  });

/**
 * Errors of a group that is busy with an earlier request. The SDK does not retry them.
 * https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_SetDesiredCapacity.html#API_SetDesiredCapacity_Errors
 */
const BUSY = ["ResourceContention", "ScalingActivityInProgress"];
const BUSY_RETRIES = { attempts: 8, firstDelayMs: 500, maxDelayMs: 10_000 };

/** The groups of a sweep in AWS. Errors have explanations for the user. */
export function autoScalingGroups(clients: Clients): SweepGroups {
  /** @param doing for errors, such as `setting the deadline in us-east-1` */
  const request = <T>(
    doing: string,
    region: string,
    group: string,
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T> =>
    explained(doing, async () => {
      try {
        return await withRetry(work, {
          signal,
          ...BUSY_RETRIES,
          retryable: (error) => BUSY.some((name) => errorName(error).startsWith(name)),
        });
      } catch (error) {
        throw isMissing(error) ? new MissingGroup(region, group, error) : error;
      }
    });

  return {
    find: (region, group, signal) =>
      request(`reading the Auto Scaling group ${group} in ${region}`, region, group, signal, async () => {
        const command = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] });
        const { AutoScalingGroups = [] } = await clients(region).send(command, { abortSignal: signal });
        // A group with a status is being deleted.
        const found = AutoScalingGroups.find(
          ({ AutoScalingGroupName, Status }) => AutoScalingGroupName === group && !Status,
        );
        return found && { desired: found.DesiredCapacity ?? 0, max: found.MaxSize ?? 0 };
      }),

    setDesired: (region, group, desired, signal) =>
      request(`setting the workers in ${region} to ${desired}`, region, group, signal, async () => {
        const command = new SetDesiredCapacityCommand({
          AutoScalingGroupName: group,
          DesiredCapacity: desired,
          HonorCooldown: false,
        });
        await clients(region).send(command, { abortSignal: signal });
      }),

    endAt: (region, group, at, signal) =>
      request(`setting the deadline in ${region}`, region, group, signal, async () => {
        const command = new PutScheduledUpdateGroupActionCommand({
          AutoScalingGroupName: group,
          ScheduledActionName: DEADLINE_ACTION,
          // The stack declares the maximum, so keep it.
          DesiredCapacity: 0,
          StartTime: at,
        });
        await clients(region).send(command, { abortSignal: signal });
      }),
  };
}

/** Auto Scaling has no error code for a missing group. It returns `ValidationError`, "AutoScalingGroup name not found - …". */
const isMissing = (error: unknown): boolean =>
  errorName(error) === "ValidationError" && /\bnot found\b/i.test(messageOf(error));
