import type { SweepId } from "../../../staging/sweep/id.ts";
import type { SweepRows, SweepSpec } from "../../../staging/sweep/spec.ts";
import type { PreparedLaunch } from "./launch.ts";

type PlannedLaunch = Pick<
  PreparedLaunch,
  "parameters" | "plan" | "datasets" | "iamActions" | "managedPolicies"
>;

/** The inputs of a sweep's stack. @param rows the file of rows; undefined for a sweep without rows */
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
