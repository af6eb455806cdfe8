import type { EnvironmentSettings } from "../environment.ts";
import type { Region } from "../regions.ts";
import type { SweepId } from "./id.ts";

/**
 * The name of all resources of a sweep in AWS: its role, instance profile, and in each region the security group, the
 * launch template and the Auto Scaling group. The ID is random, so no two sweeps of an account share a name.
 */
export const sweepResourceName = (
  { namePrefix }: Pick<EnvironmentSettings, "namePrefix">,
  id: SweepId,
): string => `${namePrefix}-${id}`;

/**
 * The name of a sweep's security group: the common name with a prefix, because it must not begin like an ID.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
 */
export function securityGroupName(settings: Pick<EnvironmentSettings, "namePrefix">, id: SweepId): string {
  const name = sweepResourceName(settings, id);
  return name.startsWith("sg-") ? `spawn-${name}` : name;
}

/** The tag of a sweep's instances, volumes and other resources: its id. */
export const SWEEP_TAG = "spawn:sweep";

/** The scheduled action that ends all workers of a group at the deadline. */
export const DEADLINE_ACTION = "spawn-deadline";

/** Days after which the logs of a sweep expire, by the lifecycle rules of the regional bucket. */
export const LOG_TTL_DAYS = 30;

/** Days after the deadline for which DynamoDB keeps the items of a sweep. */
export const ITEM_TTL_DAYS = 90;

/** The prefix of a sweep's logs in each regional bucket. */
export const logPrefix = (id: SweepId): string => `${id}/logs/`;

/** The object of one attempt's log. */
export const logKey = (id: SweepId, index: number, attempt: number): string =>
  `${logPrefix(id)}${index}/${attempt}.log`;

/** The location of the logs of a region's workers. */
export interface LogPlace {
  readonly region: Region;
  readonly bucket: string;
}
