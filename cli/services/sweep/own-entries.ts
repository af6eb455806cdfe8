import { entryStackName } from "../../../staging/entry.ts";
import { InputError } from "../../../staging/errors.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import type { Region } from "../../../staging/regions.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { checkEntries } from "../../../staging/sweep/entries.ts";
import type { SweepDataset, SweepSpec } from "../../../staging/sweep/spec.ts";
import { commandLine, commandsIn } from "../../command-line.ts";
import type { Context, EntryContext } from "../../context.ts";
import { requireRecord } from "../entry/absent.ts";
import { damageError, regionPresence } from "../entry/presence.ts";
import { bucketsOfRecord } from "../entry/records.ts";
import { resolveIds } from "../entry/resolve-id.ts";
import { readUnfinished } from "../entry/upload/unfinished.ts";

/**
 * The records of the staged data that a sweep names.
 * @param names whole or shortened IDs
 * @throws InputError for an entry that does not exist, is incomplete, or is being deleted
 * @throws CorruptRecordError for an entry whose record was changed by hand
 */
export async function ownEntries(context: EntryContext, names: readonly string[]): Promise<StagingRecord[]> {
  const ids = await resolveIds(context, names);
  return await Promise.all(
    ids.map(async (id) => {
      const { environmentName } = context;
      const unfinished = await readUnfinished(entryStackName(environmentName, id));
      if (unfinished?.deleting === true) {
        throw new InputError(`the deletion of ${id} has begun`, {
          why: "Some of its data may be gone.",
          fix: commandLine(`spawn stage delete ${id} --yes`, environmentName),
        });
      }
      return await requireRecord(context, id);
    }),
  );
}

/** The facts about an entry that workers need. */
export function datasetOf(record: StagingRecord): SweepDataset {
  const { stagingId, kind, filename, sizeBytes, manifestSha256, destination } = record;
  const copies = bucketsOfRecord(record);
  return { stagingId, kind, filename, sizeBytes, manifestSha256, destination, copies };
}

/**
 * Checks that the regions of a sweep hold the staged data, by requests that read no data.
 * @throws UserError that names the regions and the command that repairs them
 */
export async function requireWhole(
  context: Pick<Context, "anyBucketsS3" | "environmentName" | "s3" | "store">,
  records: readonly StagingRecord[],
  regions: readonly Region[],
): Promise<void> {
  for (const record of records) {
    const presence = await regionPresence(context, record);
    const error = damageError(record, presence, context.environmentName, regions);
    if (error !== undefined) throw error;
  }
}

/**
 * Checks the data again before the workers of a retry, or of a resumed launch, download them. Entries of other accounts cannot be checked
 * from here.
 * @throws InputError if an entry is gone, or expires before the deadline
 */
export async function refuseWithoutData(
  context: EntryContext,
  { datasets, regions, deadlineSeconds }: SweepSpec,
): Promise<void> {
  const own = datasets.filter(({ account }) => account === undefined);
  const records = await ownEntries(
    context,
    own.map(({ stagingId }) => stagingId),
  );
  checkEntries(
    records,
    regions.map(({ region }) => region),
    deadlineSeconds,
    serverClock.now(),
    commandsIn(context.environmentName),
  );
}
