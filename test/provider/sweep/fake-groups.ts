import { type GroupCapacity, MissingGroup, type SweepGroups } from "../../../provider/sweep/groups.ts";

interface FakeGroup {
  desired: number;
  max: number;
  endsAt: Date | undefined;
}

/** Auto Scaling groups in memory, by region, whatever their names. */
export class FakeGroups implements SweepGroups {
  readonly groups = new Map<string, FakeGroup>();
  /** Every change of a capacity, as `us-east-1 0→3`. */
  readonly changes: string[] = [];

  constructor(max: Readonly<Record<string, number>>) {
    for (const [region, most] of Object.entries(max))
      this.groups.set(region, { desired: 0, max: most, endsAt: undefined });
  }

  of(region: string): FakeGroup {
    const found = this.groups.get(region);
    if (found === undefined) throw new MissingGroup(region, "?");
    return found;
  }

  get desired(): Record<string, number> {
    return Object.fromEntries([...this.groups].map(([region, { desired }]) => [region, desired]));
  }

  async find(region: string): Promise<GroupCapacity | undefined> {
    const found = this.groups.get(region);
    return found && { desired: found.desired, max: found.max };
  }

  async setDesired(region: string, _group: string, desired: number): Promise<void> {
    const group = this.of(region);
    if (desired > group.max) throw new Error(`${desired} is above the maximum ${group.max}`);
    this.changes.push(`${region} ${group.desired}→${desired}`);
    group.desired = desired;
  }

  async endAt(region: string, _group: string, at: Date): Promise<void> {
    this.of(region).endsAt = at;
  }
}
