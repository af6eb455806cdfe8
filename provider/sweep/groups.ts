import { UserError } from "../../staging/errors.ts";

/** The capacity of an Auto Scaling group, in instances. */
export interface GroupCapacity {
  /** The number of instances that the group keeps running. */
  readonly desired: number;
  /** The upper limit of `desired`. */
  readonly max: number;
}

/** The Auto Scaling groups of a sweep. */
export interface SweepGroups {
  /** Undefined if the group does not exist or is being deleted. */
  find(region: string, group: string, signal: AbortSignal): Promise<GroupCapacity | undefined>;
  /** Starts or ends instances immediately. @throws MissingGroup */
  setDesired(region: string, group: string, desired: number, signal: AbortSignal): Promise<void>;
  /** Schedules the end of all instances for `at` (whole seconds). Replaces an earlier schedule. @throws MissingGroup */
  endAt(region: string, group: string, at: Date, signal: AbortSignal): Promise<void>;
}

/** The Auto Scaling group does not exist. */
export class MissingGroup extends UserError {
  constructor(region: string, group: string, cause?: unknown) {
    super(`the Auto Scaling group ${group} is not in ${region}`, {
      why: "It was deleted, or the credentials are those of another account.",
      fix: "Create it again with the stack of the sweep: pulumi refresh, then pulumi up.",
      cause,
    });
  }
}
