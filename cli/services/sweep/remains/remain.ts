import type { Region } from "../../../../staging/regions.ts";

/** The kinds of a sweep's resources, in the order of their deletion: each one is used by an earlier one. */
export const REMAIN_KINDS = [
  "Auto Scaling group",
  "launch template",
  "security group",
  "instance profile",
  "role",
] as const;

/** A resource of a sweep that AWS has, found by its name. The name contains the sweep's random ID, so it belongs to no other sweep. */
export interface Remain {
  readonly kind: (typeof REMAIN_KINDS)[number];
  /** Undefined for IAM, which has no regions. */
  readonly region?: Region;
  readonly name: string;
  /** Deletes the resource, and waits until it is gone. Succeeds if it is gone already. */
  remove(signal: AbortSignal): Promise<void>;
}
