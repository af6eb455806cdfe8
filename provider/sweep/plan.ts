import { createHash } from "node:crypto";
import { parseStagingId, type StagingId } from "../../staging/ids.ts";
import { parseRegion, parseRegionList, type Region, type RegionList } from "../../staging/regions.ts";
import type { SweepRunInputs } from "../../staging/resources/sweep-run.ts";
import { canonicalJson } from "../../staging/schema/json.ts";
import { parseStackName, type StackName } from "../../staging/stack-name.ts";
import { parseLaunchedSweepId, type SweepId } from "../../staging/sweep/id.ts";

/** The indices of a region, and the Auto Scaling group of its workers. */
export interface RunRegion {
  readonly region: Region;
  readonly start: number;
  readonly end: number;
  readonly workers: number;
  readonly group: string;
}

/** The inputs of a run, parsed. */
export interface RunPlan {
  readonly inputs: SweepRunInputs;
  readonly sweepId: SweepId;
  readonly stack: StackName;
  readonly entries: readonly StagingId[];
  readonly regionList: RegionList;
  /** In the order of their indices, without gaps. */
  readonly regions: readonly RunRegion[];
  /** Lower-case hex, constant for a sweep. It excludes the inputs that `sweep retry` changes. */
  readonly fingerprint: string;
}

/** The inputs that may differ between two runs of one sweep. */
export const CHANGEABLE = ["generation", "retryIndices", "rowsFile"] as const;

/** @throws InputError if an input is malformed */
export function runPlan(inputs: SweepRunInputs): RunPlan {
  return {
    inputs,
    sweepId: parseLaunchedSweepId(inputs.sweepId),
    stack: parseStackName(inputs.stack),
    entries: inputs.entries.map(parseStagingId),
    regionList: parseRegionList(inputs.regions.map(({ region }) => region)),
    regions: inputs.regions.map((each) => ({ ...each, region: parseRegion(each.region) })),
    fingerprint: fingerprintOf(inputs),
  };
}

function fingerprintOf(inputs: SweepRunInputs): string {
  const fixed: Record<string, unknown> = { ...inputs };
  for (const name of CHANGEABLE) delete fixed[name];
  return createHash("sha256").update(canonicalJson(fixed)).digest("hex");
}
