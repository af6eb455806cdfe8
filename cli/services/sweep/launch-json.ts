import { toDollars } from "../../../staging/money.ts";
import type { SweepId } from "../../../staging/sweep/id.ts";
import type { HourRange } from "../../../staging/sweep/plan.ts";
import type { PreparedLaunch } from "./launch.ts";

/** A planned sweep for programs; amounts in US dollars. Keys are never renamed or removed. */
export type LaunchPlanJson = ReturnType<typeof launchPlanJson>;

export function launchPlanJson({ parameters, plan, datasets }: PreparedLaunch) {
  // AWS may add others.
  const architecture: string = plan.architecture;
  return {
    name: parameters.name,
    count: parameters.count,
    columns: parameters.rows?.columns ?? [],
    regions: plan.regions.map(({ region, start, end, workers, hour }) => ({
      /** The region's indices are `start` to `end` - 1. */
      ...{ region, start, end, workers },
      worker_hour: hourJson(hour),
    })),
    datasets: datasets.map(({ stagingId, account, filename, sizeBytes, destination }) => ({
      staging_id: stagingId,
      account: account ?? null,
      filename,
      size_bytes: sizeBytes,
      destination,
    })),
    workers: plan.workers,
    instance_types: plan.instanceTypes,
    architecture,
    spot: parameters.spot,
    disk_gb: plan.diskGib,
    deadline_seconds: plan.deadlineSeconds,
    /** All workers together, at list prices. */
    hour: hourJson(plan.hour),
    /** `null` if spot prices are unknown. */
    spot_hour: plan.spotHour === undefined ? null : hourJson(plan.spotHour),
    max_cost: toDollars(plan.maxCost),
    direct_cost: toDollars(plan.savings.direct),
    staging_cost: toDollars(plan.savings.staged),
    /** Negative if staging costs more. */
    savings: toDollars(plan.savings.saved),
  };
}

const hourJson = ({ least, most }: HourRange) => ({
  least: toDollars(least),
  most: toDollars(most),
});

/** The output of `spawn launch --json`. */
export interface LaunchResult {
  /** `null` if nothing was started: `--dry-run`, or the user declined. */
  readonly sweep_id: SweepId | null;
  readonly started: boolean;
  /** The final state of the sweep; `null` if the command did not wait for it. */
  readonly state: string | null;
  /** `null` for a resumed launch. */
  readonly plan: LaunchPlanJson | null;
}
