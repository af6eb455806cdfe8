import { join } from "node:path";
import { withLock } from "../../../local/lock.ts";
import { spawnPaths } from "../../../local/paths.ts";
import type { UserError } from "../../../staging/errors.ts";
import type { Context, EntryContext } from "../../context.ts";
import { openSession, type SessionSource } from "../../engine/session.ts";
import { forEachConcurrently, type Outcome } from "../common/concurrent.ts";
import { type DeletionEvents, deleteEntries } from "../entry/deletion.ts";
import { entryInUse, sweepsReading } from "../sweep/open-sweeps.ts";
import { sortEntries } from "./entries.ts";
import { bucketsOf, findOrphans } from "./orphans.ts";
import { entryStacks, findOwners } from "./owners.ts";
import {
  type CleanableEntry,
  type CleanupPlan,
  type CleanupQuestion,
  isRemovable,
  type Orphan,
} from "./plan.ts";
import { type Kept, removeExpired, removeOrphan } from "./remove.ts";

/**
 * Finds everything to clean up. Changes nothing.
 * @param onProblem called for items that cannot be judged; they are kept, and the search continues
 */
export async function planCleanup(
  context: SessionSource &
    Pick<
      Context,
      "account" | "anyBucketsS3" | "at" | "environment" | "environmentName" | "s3" | "store" | "tables"
    >,
  question: CleanupQuestion,
  now: Date,
  onProblem: (error: UserError) => void,
): Promise<CleanupPlan> {
  const owners = await findOwners(context, onProblem);
  // In sequence, so that problems are always reported in the same order.
  const sorted = await sortEntries(context, question, owners, now, onProblem);
  const orphans = await findOrphans(context, owners, now, onProblem);
  const entries = await withoutUsed(context, sorted.entries, onProblem);
  // The deletion of an entry includes the uploads under it.
  const ids = new Set(sorted.entries.map(({ id }) => id));
  return { ...sorted, entries, orphans: orphans.filter(({ id }) => !ids.has(id)) };
}

/** The entries that no unfinished sweep reads. */
async function withoutUsed(
  context: Pick<Context, "environmentName" | "settings" | "tables">,
  entries: readonly CleanableEntry[],
  onProblem: (error: UserError) => void,
): Promise<CleanableEntry[]> {
  const reading = await sweepsReading(
    context,
    entries.map(({ id }) => id),
  );
  for (const [id, sweeps] of reading) onProblem(entryInUse(id, sweeps, context.environmentName, "removed"));
  return entries.filter(({ id }) => !reading.has(id));
}

interface CleanupEvents extends DeletionEvents {
  /** Another cleanup of this machine is running; this one waits for it. */
  readonly onWait?: () => void;
  readonly onRemoved?: (orphan: Orphan) => void;
  /** Called for items that can no longer be judged; they are kept. */
  readonly onProblem: (error: UserError) => void;
}

export interface CleanupResult {
  readonly entries: readonly Outcome<CleanableEntry>[];
  /** The orphans to remove. */
  readonly orphans: readonly Outcome<Orphan>[];
  /** Items that changed since they were found, and were kept. */
  readonly kept: Kept;
}

/** Concurrent removals; each has several requests in flight. */
const CONCURRENT_ORPHANS = 3;

/**
 * Removes the found items, after checking each of them again. Concurrent cleanups are safe: on one machine the second waits for the
 * first, and across machines the engine's locks exclude each other.
 */
export async function carryOut(
  context: EntryContext & Pick<Context, "anyBucketsS3">,
  plan: CleanupPlan,
  question: CleanupQuestion,
  now: Date,
  events: CleanupEvents,
): Promise<CleanupResult> {
  const lock = join(spawnPaths().stacks, `cleanup-${context.environmentName}.lock`);
  return await withLock(lock, { onWait: events.onWait, signal: events.signal }, async () => {
    const { entryProject: project } = await openSession(context);
    const stacks = await entryStacks(context, project);
    const kept: Kept = new Map();
    const onDeleted = (entry: CleanableEntry) => kept.has(entry.id) || events.onDeleted?.(entry);
    const entries = await deleteEntries(plan.entries, { ...events, onDeleted }, (entry, options) =>
      removeExpired({ context, project, question, stacks, now, kept }, entry, options),
    );
    const wanted = question.orphans ? plan.orphans.filter(isRemovable) : [];
    const buckets = wanted.length === 0 ? [] : await bucketsOf(context, events.onProblem);
    const limits = { limit: CONCURRENT_ORPHANS, signal: events.signal };
    const orphans = await forEachConcurrently(wanted, limits, async (orphan) => {
      await removeOrphan({ context, buckets, stacks, now, kept }, orphan, events.signal);
      if (!kept.has(orphan.id)) events.onRemoved?.(orphan);
    });
    return { entries, orphans, kept };
  });
}
