import { toDollars } from "../../../staging/money.ts";
import type { SweepId } from "../../../staging/sweep/id.ts";
import type { HourRange } from "../../../staging/sweep/plan.ts";
import type { PreparedLaunch } from "./launch.ts";

interface HourJson {
  readonly least: number;
  readonly most: number;
}

/** A planned sweep for programs; amounts in US dollars. Keys are never renamed or removed. */
export interface LaunchPlanJson {
  readonly name: string;
  readonly count: number;
  readonly columns: readonly string[];
  readonly regions: readonly {
    readonly region: string;
    /** The region's indices are `start` to `end` - 1. */
    readonly start: number;
    readonly end: number;
    readonly workers: number;
    readonly worker_hour: HourJson;
  }[];
  readonly datasets: readonly {
    readonly staging_id: string;
    readonly account: string | null;
    readonly filename: string;
    readonly size_bytes: number;
    readonly destination: string;
  }[];
  readonly workers: number;
  readonly instance_types: readonly string[];
  readonly architecture: string;
  readonly spot: boolean;
  readonly disk_gb: number;
  readonly deadline_seconds: number;
  /** All workers together, at list prices. */
  readonly hour: HourJson;
  /** `null` if spot prices are unknown. */
  readonly spot_hour: HourJson | null;
  readonly max_cost: number;
  readonly direct_cost: number;
  readonly staging_cost: number;
  /** Negative if staging costs more. */
  readonly savings: number;
}

export function launchPlanJson({ parameters, plan, datasets }: PreparedLaunch): LaunchPlanJson {
  return {
    name: parameters.name,
    count: parameters.count,
    columns: parameters.rows?.columns ?? [],
    regions: plan.regions.map(({ region, start, end, workers, hour }) => ({
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
    architecture: plan.architecture,
    spot: parameters.spot,
    disk_gb: plan.diskGib,
    deadline_seconds: plan.deadlineSeconds,
    hour: hourJson(plan.hour),
    spot_hour: plan.spotHour === undefined ? null : hourJson(plan.spotHour),
    max_cost: toDollars(plan.maxCost),
    direct_cost: toDollars(plan.savings.direct),
    staging_cost: toDollars(plan.savings.staged),
    savings: toDollars(plan.savings.saved),
  };
}

const hourJson = ({ least, most }: HourRange): HourJson => ({
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
