import { storedName } from "../../../../staging/entry.ts";
import type { Region } from "../../../../staging/regions.ts";
import type { Context } from "../../../context.ts";
import { arrivedIn } from "../arrived.ts";
import type { RecordFilter } from "../records.ts";
import { type IncompleteEntry, listIncomplete } from "./incomplete.ts";

/** An incomplete entry as `list --incomplete` prints it for programs. Keys are never renamed or removed. */
export interface IncompleteMetadata {
  readonly staging_id: string;
  readonly filename: string;
  /** Where it is uploaded from. */
  readonly source: string;
  /** Of the source, when the upload began. */
  readonly size_bytes: number;
  readonly file_count: number;
  /** The primary region first. */
  readonly regions: readonly string[];
  /** Bytes in each region's bucket; null where the region does not answer. */
  readonly arrived_bytes: Readonly<Record<string, number | null>>;
  /** Whole files there. */
  readonly arrived_files: Readonly<Record<string, number | null>>;
  /** Whether a process is at work on it right now, and whether its deletion has begun. */
  readonly state: "uploading" | "interrupted" | "deleting";
  /** UTC. */
  readonly started_at: string;
  readonly destination: string;
  readonly ttl_days: number;
  readonly sweep_id: string | null;
  readonly stack: string;
  /** The machine that works on it, or did last. */
  readonly host: string;
}

/**
 * The entries whose upload has not ended, the newest first, each with how far it is. Starts no engine.
 * @param onUnknown told of a region that does not answer, and of an entry whose settings cannot be read; what is known is listed all the same
 */
export async function listIncompleteMetadata(
  context: Pick<Context, "environmentName" | "s3" | "stateObjects" | "stateUrl" | "tables">,
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
  context: Pick<Context, "s3">,
  entry: IncompleteEntry,
  onUnknown: (error: Error) => void,
): Promise<IncompleteMetadata> {
  const { spec } = entry.settings;
  const arrived = await Promise.all(
    spec.regions.map(async (region: Region) => {
      try {
        return [region, await arrivedIn(context, entry, region)] as const;
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        onUnknown(
          new Error(`how far ${spec.id} is in ${region} is not known: ${error.message}`, { cause: error }),
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
