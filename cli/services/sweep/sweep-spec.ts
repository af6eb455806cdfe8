import { createHash } from "node:crypto";
import type { SweepId } from "../../../staging/sweep/id.ts";
import { type Rows, rowAt, rowJson } from "../../../staging/sweep/rows.ts";
import type { SweepRows, SweepSpec } from "../../../staging/sweep/spec.ts";
import type { PreparedLaunch } from "./launch.ts";

type PlannedLaunch = Pick<
  PreparedLaunch,
  "parameters" | "plan" | "datasets" | "iamActions" | "managedPolicies"
>;

/** What a sweep's stack is made from. @param rows where the rows are; undefined for a sweep without */
export function specOf(launch: PlannedLaunch, id: SweepId, rows: SweepRows | undefined): SweepSpec {
  const { parameters, plan, datasets, iamActions, managedPolicies } = launch;
  const { name, count, command, retries, timeoutSeconds, results, spot, subnets } = parameters;
  const [first, ...others] = plan.regions.map(({ region, start, end, workers }) => ({
    ...{ region, start, end, workers },
    subnets: subnets.get(region) ?? [],
  }));
  if (first === undefined) throw new RangeError("a sweep has a region");
  return {
    ...{ id, name, count, command, retries, spot, datasets, iamActions, managedPolicies },
    regions: [first, ...others],
    instanceTypes: plan.instanceTypes,
    architecture: plan.architecture,
    diskGib: plan.diskGib,
    deadlineSeconds: plan.deadlineSeconds,
    generation: 0,
    ...(rows === undefined ? {} : { rows }),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(results === undefined ? {} : { results }),
  };
}

/** The rows as JSON lines: one object of texts for each index. */
export function rowsText(rows: Rows): string {
  return rows.values.map((_, index) => `${rowJson(rowAt(rows, index))}\n`).join("");
}

export const sha256Of = (text: string): string => createHash("sha256").update(text).digest("hex");
