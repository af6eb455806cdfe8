import { join } from "node:path";
import { withLock } from "../../../local/lock.ts";
import { spawnPaths } from "../../../local/paths.ts";
import type { UserError } from "../../../staging/errors.ts";
import type { Context, EntryContext } from "../../context.ts";
import { openSession, type SessionSource } from "../../engine/session.ts";
import { type Outcome, sideBySide } from "../common/side-by-side.ts";
import { type DeletionEvents, deleteEntries } from "../entry/delete.ts";
import { inUse, sweepsReading } from "../sweep/open-sweeps.ts";
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
 * Finds what there is to clean up. Changes nothing.
 * @param onProblem told of what cannot be judged; it is left alone, and the rest is found all the same
 */
export async function planCleanup(
  context: SessionSource &
    Pick<Context, "account" | "anyBucketsS3" | "at" | "environment" | "environmentName" | "s3" | "tables">,
  question: CleanupQuestion,
  now: Date,
  onProblem: (error: UserError) => void,
): Promise<CleanupPlan> {
  const owners = await findOwners(context, onProblem);
  // One after the other: problems are reported in the same order each time.
  const sorted = await sortEntries(context, question, owners, now, onProblem);
  const orphans = await findOrphans(context, owners, now, onProblem);
  const entries = await withoutUsed(context, sorted.entries, onProblem);
  // With an entry go the uploads under it.
  const ids = new Set(sorted.entries.map(({ id }) => id));
  return { ...sorted, entries, orphans: orphans.filter(({ id }) => !ids.has(id)) };
}

/** The entries that no sweep reads which has not ended. */
async function withoutUsed(
  context: Pick<Context, "environmentName" | "settings" | "tables">,
  entries: readonly CleanableEntry[],
  onProblem: (error: UserError) => void,
): Promise<CleanableEntry[]> {
  const reading = await sweepsReading(
    context,
    entries.map(({ id }) => id),
  );
  for (const [id, sweeps] of reading) onProblem(inUse(id, sweeps, context.environmentName, "removed"));
  return entries.filter(({ id }) => !reading.has(id));
}

export interface CleanupEvents extends DeletionEvents {
  /** Another cleanup of this machine is under way; this one waits for it. */
  readonly onWait?: () => void;
  readonly onRemoved?: (orphan: Orphan) => void;
  /** What can no longer be judged is left alone. */
  readonly onProblem: (error: UserError) => void;
}

export interface CleanupResult {
  readonly entries: readonly Outcome<CleanableEntry>[];
  /** Those that were to be removed. */
  readonly orphans: readonly Outcome<Orphan>[];
  /** Why some were left alone: something had changed since they were found. */
  readonly kept: Kept;
}

/** Orphans removed at a time; each deletion has several requests in flight. */
const ORPHANS_SIDE_BY_SIDE = 3;

/**
 * Removes what was found, after another look at each. Two cleanups at once do not harm each other: on one machine the second
 * waits for the first, and on two the engine's locks keep them apart.
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
    const limits = { limit: ORPHANS_SIDE_BY_SIDE, signal: events.signal };
    const orphans = await sideBySide(wanted, limits, async (orphan) => {
      await removeOrphan({ context, buckets, stacks, now, kept }, orphan, events.signal);
      if (!kept.has(orphan.id)) events.onRemoved?.(orphan);
    });
    return { entries, orphans, kept };
  });
}
