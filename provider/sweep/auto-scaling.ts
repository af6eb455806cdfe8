import {
  AutoScalingClient,
  type AutoScalingClientConfig,
  DescribeAutoScalingGroupsCommand,
  PutScheduledUpdateGroupActionCommand,
  SetDesiredCapacityCommand,
} from "@aws-sdk/client-auto-scaling";
import { type Access, directAccess, serviceSettings } from "../../connection/access.ts";
import { messageOf } from "../../staging/errors.ts";
import { DEADLINE_ACTION } from "../../staging/sweep/names.ts";
import { errorName, explained } from "../transfer/aws-errors.ts";
import { withRetry } from "../transfer/retry.ts";
import { DEFAULT_RETRY_PATIENCE, patientRetries } from "../transfer/retry-strategy.ts";
import { followServerTime } from "../transfer/server-time.ts";
import type { SweepGroups } from "./groups.ts";
import { MissingGroup } from "./missing-group.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const STALL_TIMEOUT_MS = 30_000;

type Clients = (region: string) => AutoScalingClient;

export interface AutoScalingClientOptions {
  /** The connection to AWS. @default the variables of this process, without a proxy */
  readonly access?: Access;
  /** Settings that go before those of `access`. */
  readonly config?: AutoScalingClientConfig;
}

/** One client for each region, made when first asked for and kept. */
export function createAutoScalingClients(options: AutoScalingClientOptions = {}): Clients {
  const clients = new Map<string, AutoScalingClient>();
  return (region) => {
    const client = clients.get(region) ?? createClient(region, options);
    clients.set(region, client);
    return client;
  };
}

function createClient(region: string, options: AutoScalingClientOptions): AutoScalingClient {
  const { connection, transport } = options.access ?? directAccess();
  const client = new AutoScalingClient({
    ...serviceSettings(connection, "AUTO_SCALING", region),
    maxAttempts: DEFAULT_RETRY_PATIENCE.attempts,
    retryStrategy: patientRetries(),
    requestHandler: transport.handler({
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: STALL_TIMEOUT_MS,
    }),
    ...options.config,
  });
  followServerTime(client);
  return client;
}

/** What a group answers while it is still busy with an earlier request; the SDK does not ask again after these. */
const BUSY = ["ResourceContention", "ScalingActivityInProgress"];
const BUSY_ATTEMPTS = 8;
const BUSY_FIRST_DELAY_MS = 500;
const BUSY_LONGEST_DELAY_MS = 10_000;

/** The groups of a sweep in AWS. Errors are told to the user. */
export function autoScalingGroups(clients: Clients): SweepGroups {
  /** @param doing in words, such as `starting workers in us-east-1` */
  const ask = <T>(
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
          attempts: BUSY_ATTEMPTS,
          firstDelayMs: BUSY_FIRST_DELAY_MS,
          maxDelayMs: BUSY_LONGEST_DELAY_MS,
          retryable: (error) => BUSY.some((name) => errorName(error).startsWith(name)),
        });
      } catch (error) {
        throw isMissing(error) ? new MissingGroup(region, group, error) : error;
      }
    });

  return {
    find: (region, group, signal) =>
      ask(`reading the Auto Scaling group ${group} in ${region}`, region, group, signal, async () => {
        const command = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] });
        const { AutoScalingGroups = [] } = await clients(region).send(command, { abortSignal: signal });
        // A group with a status is being deleted.
        const found = AutoScalingGroups.find(
          ({ AutoScalingGroupName, Status }) => AutoScalingGroupName === group && !Status,
        );
        return found && { desired: found.DesiredCapacity ?? 0, max: found.MaxSize ?? 0 };
      }),

    setDesired: (region, group, desired, signal) =>
      ask(`setting the workers in ${region} to ${desired}`, region, group, signal, async () => {
        const command = new SetDesiredCapacityCommand({
          AutoScalingGroupName: group,
          DesiredCapacity: desired,
          HonorCooldown: false,
        });
        await clients(region).send(command, { abortSignal: signal });
      }),

    endAt: (region, group, at, signal) =>
      ask(`setting the deadline in ${region}`, region, group, signal, async () => {
        const command = new PutScheduledUpdateGroupActionCommand({
          AutoScalingGroupName: group,
          ScheduledActionName: DEADLINE_ACTION,
          // The maximum is declared by the stack, and stays as it is.
          DesiredCapacity: 0,
          StartTime: at,
        });
        await clients(region).send(command, { abortSignal: signal });
      }),
  };
}

/** Auto Scaling has no error of its own for that: `ValidationError`, "AutoScalingGroup name not found - …". */
const isMissing = (error: unknown): boolean =>
  errorName(error) === "ValidationError" && /\bnot found\b/i.test(messageOf(error));
