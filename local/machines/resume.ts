import { REGIONS } from "../../staging/regions.ts";
import { findCloud } from "../cloud/cloud.ts";
import { spawnPaths } from "../paths.ts";
import { AwsInstances } from "./aws-instances.ts";
import { ensureMachines, type MachinesOptions, type RunningMachines } from "./machines.ts";

/**
 * Starts the machines if the running local cloud has instances of sweeps, as after `spawn local down`.
 * @returns undefined if there are none
 * @throws UserError as `ensureMachines` does
 */
export async function resumeMachines(options: MachinesOptions = {}): Promise<RunningMachines | undefined> {
  const { paths = spawnPaths() } = options;
  const cloud = await findCloud(paths);
  if (cloud === undefined) return undefined;
  const instances = new AwsInstances(cloud.endpoint, cloud.keys);
  try {
    const found = await Promise.all(REGIONS.map(async (region) => (await instances.list(region)).length));
    if (found.every((count) => count === 0)) return undefined;
    const regions = REGIONS.filter((_, at) => (found[at] ?? 0) > 0);
    return await ensureMachines({ ...options, regions });
  } finally {
    instances.close();
  }
}
