import { STAGED_DATA } from "../../../staging/resources/tokens.ts";
import { isStringArray } from "../../../staging/type-guards.ts";
import type { ResourceChange } from "../../engine/update.ts";

/** The data of one entry that an update would upload and replicate. Keys are never renamed or removed. */
export interface PlannedTransfer {
  readonly staging_id: string;
  /** Bytes that each region receives. */
  readonly size_bytes: number;
  readonly file_count: number;
  /** The primary region first. */
  readonly regions: readonly string[];
  /** US dollars until the expiry, at the guide's prices. */
  readonly estimated_cost: number;
}

/** The transfer of a step in a preview; undefined if the step moves no data of a new entry. */
export function plannedTransfer({ type, op, inputs, outputs }: ResourceChange): PlannedTransfer | undefined {
  if (type !== STAGED_DATA || !op.startsWith("create")) return undefined;
  const { stagingId, region, replicaRegions = [] } = inputs;
  const { sizeBytes, fileCount, estimatedCost } = outputs;
  if (typeof stagingId !== "string" || typeof region !== "string" || !isStringArray(replicaRegions))
    return undefined;
  // Absent if an input is unknown in the preview.
  if (typeof sizeBytes !== "number" || typeof fileCount !== "number" || typeof estimatedCost !== "number")
    return undefined;
  return {
    ...{ staging_id: stagingId, size_bytes: sizeBytes, file_count: fileCount },
    ...{ regions: [region, ...replicaRegions], estimated_cost: estimatedCost },
  };
}
