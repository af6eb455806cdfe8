import type { EntryDetails } from "../components/entry-details.ts";
import { parseStagingId } from "../staging/ids.ts";
import type { StagingRecord } from "../staging/record.ts";
import { parseTtlDays } from "../staging/ttl.ts";
import type { Context } from "./context.ts";
import { writeOut } from "./output.ts";
import { uploadSummaryLines } from "./render/summary.ts";
import { textOf } from "./screen.ts";
import { type StagingMetadata, toMetadata } from "./services/metadata.ts";
import { getRecord, getUsage } from "./services/records.ts";

/** What the summary shows of an entry. */
export type StagedSummary = Pick<EntryDetails, "id" | "sizeBytes" | "regions" | "ttlDays" | "uploadedAt">;

/** The summary of an entry that was made by an earlier command. */
export function summaryOf({ stagingId, sizeBytes, regions, ttl, uploadedAt }: StagingRecord): StagedSummary {
  return { id: stagingId, sizeBytes, regions, ttlDays: ttl, uploadedAt: uploadedAt.toISOString() };
}

/**
 * Tells of an entry that is whole now: the summary at a terminal; elsewhere the ID alone on stdout, for scripts, and the
 * summary on stderr.
 * @param note writes lines on stderr
 */
export async function reportStaged(
  details: StagedSummary,
  note: (...lines: string[]) => void,
): Promise<void> {
  const summary = uploadSummaryLines({
    stagingId: parseStagingId(details.id),
    sizeBytes: details.sizeBytes,
    regions: details.regions,
    ttl: parseTtlDays(details.ttlDays),
    uploadedAt: new Date(details.uploadedAt),
  });
  if (process.stdout.isTTY) return await writeOut(textOf(["", ...summary]));
  note("", ...summary);
  await writeOut(`${details.id}\n`);
}

/** The same for `--json`: the entry as `list` and `info` print it for programs. */
export async function stagedMetadata(
  context: Context,
  { id }: Pick<EntryDetails, "id">,
): Promise<StagingMetadata> {
  const tables = await context.tables();
  const stagingId = parseStagingId(id);
  const [record, usage] = await Promise.all([getRecord(tables, stagingId), getUsage(tables, stagingId)]);
  return toMetadata(record, usage);
}

/** What the user must learn of an entry, wherever the output goes. */
export const stagedFact = (id: string): string => `The data are staged as ${id}.`;
