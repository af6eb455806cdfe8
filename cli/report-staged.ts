import type { EntryDetails } from "../components/entry-details.ts";
import type { AccessPoint } from "../staging/accounts.ts";
import { parseStagingId, type StagingId } from "../staging/ids.ts";
import type { StagingRecord } from "../staging/record.ts";
import { parseTtlDays } from "../staging/ttl.ts";
import type { Context } from "./context.ts";
import { writeOut } from "./output.ts";
import { sharingOf } from "./render/sharing.ts";
import { type UploadSummary, uploadSummaryLines } from "./render/summary.ts";
import { textOf } from "./screen.ts";
import { type StagingMetadata, toMetadata } from "./services/entry/metadata.ts";
import { getRecord, getUsage } from "./services/entry/records.ts";

/** A complete entry, for its summary. */
export type StagedSummary = Omit<UploadSummary, "environment">;

/** The summary of an entry of an earlier command. */
export const summaryOf = (record: StagingRecord): StagedSummary => ({
  ...record,
  sharing: sharingOf(record),
});

/** The summary of an entry that this command created. */
export function summaryOfDetails(details: EntryDetails): StagedSummary {
  const points = details.regions.flatMap((region): [string, AccessPoint][] => {
    const point = details.locations[region]?.accessPoint;
    return point === undefined ? [] : [[region, point]];
  });
  const stagingId = parseStagingId(details.id);
  return {
    ...{ stagingId, sizeBytes: details.sizeBytes, regions: details.regions },
    ttl: parseTtlDays(details.ttlDays),
    uploadedAt: new Date(details.uploadedAt),
    sharing: {
      ...{ stagingId, kind: details.kind, destination: details.destination },
      ...{ allowAccounts: details.allowAccounts ?? [], accessPoints: new Map(points) },
      ...{ bucketReaders: details.bucketReaders ?? [], key: details.key },
      buckets:
        details.bucketReaders === undefined
          ? []
          : Object.values(details.locations).map(({ bucket }) => bucket),
    },
  };
}

/**
 * Reports a complete entry. On a terminal it prints the summary; otherwise it prints the ID on stdout, for scripts, and the summary on
 * stderr.
 * @param note writes lines on stderr
 */
export async function reportStaged(
  staged: StagedSummary,
  environment: string,
  note: (...lines: string[]) => void,
): Promise<void> {
  const summary = uploadSummaryLines({ ...staged, environment });
  if (process.stdout.isTTY) return await writeOut(textOf(["", ...summary]));
  note("", ...summary);
  await writeOut(`${staged.stagingId}\n`);
}

/** The entry for `--json`, in the schema of `list` and `info`. */
export async function stagedMetadata(
  context: Pick<Context, "tables">,
  id: StagingId,
): Promise<StagingMetadata> {
  const tables = await context.tables();
  const [record, usage] = await Promise.all([getRecord(tables, id), getUsage(tables, id)]);
  return toMetadata(record, usage);
}

/** The line about an entry that the user must receive even if stdout fails. */
export const stagedFact = (id: string): string => `The data are staged as ${id}.`;
