import { entryStackName } from "../../../staging/entry.ts";
import { UserError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { expiresAt } from "../../../staging/ttl.ts";
import { commandLine } from "../../command-line.ts";
import type { Context, EntryContext } from "../../context.ts";
import type { EngineSettings } from "../../engine/process.ts";
import type { UpdateOptions } from "../../engine/update.ts";
import { deleteEntry } from "../entry/deletion.ts";
import { findRecord } from "../entry/records.ts";
import { closeUsage } from "../entry/remains/remove.ts";
import { readUnfinished } from "../entry/upload/unfinished.ts";
import { confirmByBuckets, confirmByState } from "./confirm-expiry.ts";
import { reasonOf } from "./entries.ts";
import { findOrphan } from "./orphans.ts";
import { entryStacks } from "./owners.ts";
import type { Bucket } from "./places.ts";
import type { CleanableEntry, CleanupQuestion, Orphan } from "./plan.ts";

/** By ID, why an item was kept. */
export type Kept = Map<string, string>;

interface Cleaning {
  readonly context: EntryContext;
  /** Entries that had a stack when the removal began. */
  readonly stacks: ReadonlySet<StagingId>;
  readonly now: Date;
  readonly kept: Kept;
}

interface EntryCleaning extends Cleaning {
  readonly project: EngineSettings;
  readonly question: CleanupQuestion;
}

/** Removes an entry, unless its TTL was extended since it was found. */
export async function removeExpired(
  cleaning: EntryCleaning,
  entry: CleanableEntry,
  options: UpdateOptions,
): Promise<void> {
  const { context, project, question, stacks, now, kept } = cleaning;
  const { id } = entry;
  const record = await findRecord(await context.tables(), id);
  if (record !== undefined) {
    const expiry = expiresAt(record.uploadedAt, record.ttl);
    if (record.declaredAs !== undefined || reasonOf(record, expiry, question, now) === undefined) {
      kept.set(id, "It was changed since it was found, and is no longer selected.");
      return;
    }
  }
  if (stacks.has(id)) {
    await confirmByState(context, project, id, question, now);
    try {
      await deleteEntry(context, project, entry, options);
    } catch (error) {
      // A cleanup on another machine may have removed it first.
      if (options.signal?.aborted || !(await isGone(context, project, id))) throw error;
    }
  } else if (record !== undefined) {
    refuseAlive(context, entry);
    await confirmByBuckets(context, id, now);
    await deleteEntry(context, project, entry, options, record);
  } else if (await hasBegunDeletion(context, id)) {
    // The stack and the record are gone, but data may be left.
    await deleteEntry(context, project, entry, options);
  }
}

/** Whether a deletion that began on this machine has not ended. */
async function hasBegunDeletion(
  { environmentName }: Pick<Context, "environmentName">,
  id: StagingId,
): Promise<boolean> {
  return (await readUnfinished(entryStackName(environmentName, id)))?.deleting === true;
}

async function isGone(
  context: Pick<Context, "environmentName" | "tables">,
  project: EngineSettings,
  id: StagingId,
): Promise<boolean> {
  const [record, stacks, hasBegun] = await Promise.all([
    context.tables().then((tables) => findRecord(tables, id)),
    entryStacks(context, project),
    hasBegunDeletion(context, id),
  ]);
  return record === undefined && !stacks.has(id) && !hasBegun;
}

/** @throws UserError for an unexpired entry without a stack: another user may have the stack, and not know of this cleanup */
function refuseAlive(
  { environmentName }: Pick<Context, "environmentName">,
  { id, reason }: CleanableEntry,
): void {
  if (reason === "expired") return;
  throw new UserError(`the stack ${entryStackName(environmentName, id)} of ${id} is not in the backend`, {
    why: "Its state was lost, or is in another backend. Without it a cleanup removes only expired data.",
    fix: commandLine(`spawn stage delete ${id} --yes`, environmentName),
  });
}

interface OrphanCleaning extends Cleaning {
  readonly buckets: readonly Bucket[];
}

/** Removes an orphan from the environment's own buckets, unless it has an owner now, or was changed. */
export async function removeOrphan(
  { context, buckets, stacks, now, kept }: OrphanCleaning,
  { id, kind }: Orphan,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  const raise = (error: Error): never => {
    throw error;
  };
  const found =
    kind === "data" && stacks.has(id) ? undefined : await findOrphan(context, id, kind, buckets, now, raise);
  if (found === undefined) {
    kept.set(id, "It was removed or used since it was found.");
    return;
  }
  const { deleteEntry: deleteData } = await import("../../../provider/transfer/delete.ts");
  for (const place of found.places) {
    const bucket = buckets.find(({ name }) => name === place.bucket);
    if (bucket === undefined || !place.isOwn) continue;
    if (kind === "data") await deleteData(bucket.store, bucket.name, id, { signal });
    else
      for (const upload of place.uploads)
        await bucket.store.abortUpload({ bucket: bucket.name, ...upload }, signal);
  }
  // S3 no longer charges for deleted data, so the usage row is closed.
  if (kind === "data" && found.places.every(({ isOwn }) => isOwn)) await closeUsage(context, id);
}
