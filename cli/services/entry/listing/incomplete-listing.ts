import { storedName } from "../../../../staging/entry.ts";
import type { Region } from "../../../../staging/regions.ts";
import type { Context } from "../../../context.ts";
import type { RecordFilter } from "../records.ts";
import { uploadedIn } from "../uploaded-data.ts";
import { type IncompleteEntry, listIncomplete } from "./incomplete.ts";

/** An incomplete entry as `list --incomplete` prints it for programs. Keys are never renamed or removed. */
export interface IncompleteMetadata {
  readonly staging_id: string;
  readonly filename: string;
  readonly source: string;
  /** Of the source at the start of the upload. */
  readonly size_bytes: number;
  readonly file_count: number;
  /** The primary region first. */
  readonly regions: readonly string[];
  /** Bytes in each region's bucket; null if the region does not respond. */
  readonly arrived_bytes: Readonly<Record<string, number | null>>;
  /** Complete files there. */
  readonly arrived_files: Readonly<Record<string, number | null>>;
  /** `uploading`: a process works on it. `deleting`: its deletion has begun. */
  readonly state: "uploading" | "interrupted" | "deleting";
  /** UTC. */
  readonly started_at: string;
  readonly destination: string;
  readonly ttl_days: number;
  readonly sweep_id: string | null;
  readonly stack: string;
  /** The machine that works on it, or worked on it last. */
  readonly host: string;
}

/**
 * Unfinished uploads with their progress, the newest first. Starts no engine.
 * @param onUnknown called for a region that does not respond and for settings that cannot be read; the rest is listed
 */
export async function listIncompleteMetadata(
  context: Pick<Context, "environmentName" | "s3" | "store" | "stateObjects" | "stateUrl" | "tables">,
  { sweepId, region }: RecordFilter,
  onUnknown: (error: Error) => void,
): Promise<IncompleteMetadata[]> {
  const entries = (await listIncomplete(context, onUnknown)).filter(
    ({ settings: { spec } }) =>
      (sweepId === undefined || spec.sweepId === sweepId) &&
      (region === undefined || spec.regions.includes(region)),
  );
  return Promise.all(entries.map((entry) => metadataOf(context, entry, onUnknown)));
}

async function metadataOf(
  context: Pick<Context, "s3" | "store">,
  entry: IncompleteEntry,
  onUnknown: (error: Error) => void,
): Promise<IncompleteMetadata> {
  const { spec } = entry.settings;
  const arrived = await Promise.all(
    spec.regions.map(async (region: Region) => {
      try {
        return [region, await uploadedIn(context, entry, region)] as const;
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        onUnknown(
          new Error(`the progress of ${spec.id} in ${region} is not known: ${error.message}`, {
            cause: error,
          }),
        );
        return [region, undefined] as const;
      }
    }),
  );
  return {
    staging_id: spec.id,
    filename: storedName(spec),
    source: spec.source,
    size_bytes: entry.unfinished.sizeBytes,
    file_count: entry.unfinished.fileCount,
    regions: spec.regions,
    arrived_bytes: Object.fromEntries(arrived.map(([region, found]) => [region, found?.bytes ?? null])),
    arrived_files: Object.fromEntries(arrived.map(([region, found]) => [region, found?.files ?? null])),
    state: entry.unfinished.deleting ? "deleting" : entry.uploading ? "uploading" : "interrupted",
    started_at: entry.unfinished.startedAt,
    destination: spec.destination,
    ttl_days: spec.ttl,
    sweep_id: spec.sweepId ?? null,
    stack: entry.stack,
    host: entry.unfinished.host,
  };
}
