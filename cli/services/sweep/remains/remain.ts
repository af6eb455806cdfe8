import type { Region } from "../../../../staging/regions.ts";

/** Kinds of resources of a sweep, in the order in which they can be deleted: each is used by one before it. */
export const REMAIN_KINDS = [
  "Auto Scaling group",
  "launch template",
  "security group",
  "instance profile",
  "role",
] as const;

/** A resource in AWS that has the name of a sweep's. The name has the sweep's random id in it, so nothing else has it. */
export interface Remain {
  readonly kind: (typeof REMAIN_KINDS)[number];
  /** Undefined of what is the same in all regions. */
  readonly region?: Region;
  readonly name: string;
  /** Deletes it, and waits until it is gone. One that is gone already is no error. */
  remove(signal: AbortSignal): Promise<void>;
}
