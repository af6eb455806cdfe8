import type { EntryDetails } from "../components/entry-details.ts";
import type { AccessPoint } from "../staging/accounts.ts";
import { parseStagingId } from "../staging/ids.ts";
import type { StagingRecord } from "../staging/record.ts";
import { parseTtlDays } from "../staging/ttl.ts";
import type { Context } from "./context.ts";
import { writeOut } from "./output.ts";
import { type Sharing, sharingOf } from "./render/sharing.ts";
import { uploadSummaryLines } from "./render/summary.ts";
import { textOf } from "./screen.ts";
import { type StagingMetadata, toMetadata } from "./services/entry/metadata.ts";
import { getRecord, getUsage } from "./services/entry/records.ts";

/** The details of an entry in its summary. */
export interface StagedSummary
  extends Pick<EntryDetails, "id" | "sizeBytes" | "regions" | "ttlDays" | "uploadedAt"> {
  /** Instructions for the accounts that the entry is shared with. */
  readonly sharing: Sharing;
}

/** The summary of an entry of an earlier command. */
export function summaryOf(record: StagingRecord): StagedSummary {
  const { stagingId, sizeBytes, regions, ttl, uploadedAt } = record;
  return {
    ...{ id: stagingId, sizeBytes, regions, ttlDays: ttl, uploadedAt: uploadedAt.toISOString() },
    sharing: sharingOf(record),
  };
}

/** The summary of an entry that this command created. */
export function summaryOfDetails(details: EntryDetails): StagedSummary {
  const points = details.regions.flatMap((region): [string, AccessPoint][] => {
    const point = details.locations[region]?.accessPoint;
    return point === undefined ? [] : [[region, point]];
  });
  return {
    ...details,
    sharing: {
      ...{ stagingId: parseStagingId(details.id), kind: details.kind, destination: details.destination },
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
  details: StagedSummary,
  environment: string,
  note: (...lines: string[]) => void,
): Promise<void> {
  const summary = uploadSummaryLines({
    stagingId: parseStagingId(details.id),
    environment,
    sizeBytes: details.sizeBytes,
    regions: details.regions,
    ttl: parseTtlDays(details.ttlDays),
    uploadedAt: new Date(details.uploadedAt),
    sharing: details.sharing,
  });
  if (process.stdout.isTTY) return await writeOut(textOf(["", ...summary]));
  note("", ...summary);
  await writeOut(`${details.id}\n`);
}

/** The entry for `--json`, in the schema of `list` and `info`. */
export async function stagedMetadata(
  context: Pick<Context, "tables">,
  { id }: Pick<EntryDetails, "id">,
): Promise<StagingMetadata> {
  const tables = await context.tables();
  const stagingId = parseStagingId(id);
  const [record, usage] = await Promise.all([getRecord(tables, stagingId), getUsage(tables, stagingId)]);
  return toMetadata(record, usage);
}

/** The line about an entry that the user must receive even if stdout fails. */
export const stagedFact = (id: string): string => `The data are staged as ${id}.`;
