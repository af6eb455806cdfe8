import { addMoney, type MicroDollars, scaleMoney } from "../../../staging/money.ts";
import type { Region } from "../../../staging/regions.ts";
import type { SweepSpec } from "../../../staging/sweep/spec.ts";
import { undefinedIfInvalid } from "../common/invalid.ts";
import type { RegionProgress } from "./progress.ts";
import type { SweepReport } from "./report.ts";

/**
 * The maximum cost of a sweep's instances so far: all workers of each region, from the start until the region's last index ended, with the
 * most expensive instance type. Workers that ended earlier and spot prices lower the real cost.
 * @param hourOf the list price of an instance per hour. @throws InputError for an unknown price
 * @returns undefined before the start, and if a price is unknown
 */
export function costAtMost(
  { progress: { meta, regions }, endedAt, now }: Pick<SweepReport, "progress" | "endedAt" | "now">,
  { instanceTypes }: Pick<SweepSpec, "instanceTypes">,
  hourOf: (instanceType: string, region: Region) => MicroDollars,
): MicroDollars | undefined {
  const { startedAt, deadlineAt } = meta;
  if (startedAt === undefined) return undefined;
  const latest = Math.min(now.getTime(), deadlineAt.getTime());
  const costIn = ({ region, workers }: RegionProgress): MicroDollars => {
    const hour = Math.max(...instanceTypes.map((type) => hourOf(type, region))) as MicroDollars;
    const until = endedAt.get(region)?.getTime() ?? latest;
    const ms = Math.max(0, until - startedAt.getTime());
    return scaleMoney(hour, BigInt(workers) * BigInt(ms), MS_PER_HOUR);
  };
  return undefinedIfInvalid(() => addMoney(...regions.map(costIn)));
}

const MS_PER_HOUR = 3_600_000n;
