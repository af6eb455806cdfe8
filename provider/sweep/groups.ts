/** What an Auto Scaling group says about its capacity. */
export interface GroupCapacity {
  /** The instances that it keeps alive. */
  readonly desired: number;
  /** The most that it may keep alive. */
  readonly max: number;
}

/** The Auto Scaling groups of a sweep. */
export interface SweepGroups {
  /** Undefined where there is no such group, or where it is being deleted. */
  find(region: string, group: string, signal: AbortSignal): Promise<GroupCapacity | undefined>;
  /** Instances start, or end, at once. @throws MissingGroup */
  setDesired(region: string, group: string, desired: number, signal: AbortSignal): Promise<void>;
  /** Ends all instances at `at`, to the second, in place of an earlier time. @throws MissingGroup */
  endAt(region: string, group: string, at: Date, signal: AbortSignal): Promise<void>;
}
