import { rm } from "node:fs/promises";
import { entryStackName } from "../../../staging/entry.ts";
import { UserError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import type { Progress } from "../../../staging/progress.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import { ENTRY_GUARD, RECORD_TYPE } from "../../../staging/resources/tokens.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { commandLine } from "../../command-line.ts";
import type { EntryContext, RemainsContext } from "../../context.ts";
import { settingsFile } from "../../engine/entry-project.ts";
import { takeOverDeadLocks } from "../../engine/lock.ts";
import type { EngineSettings } from "../../engine/process.ts";
import { repairState } from "../../engine/repair.ts";
import { readState, type StateResource } from "../../engine/state.ts";
import { removeDamagedFiles } from "../../engine/state-file.ts";
import { type ResourceChange, runUpdate, type UpdateOptions } from "../../engine/update.ts";
import { forEachConcurrently, type Outcome } from "../common/concurrent.ts";
import { refuseInState } from "../environment/declared.ts";
import { findLocks, lockedError } from "../environment/object-locks.ts";
import { findRenamed, forgetStack, type RenamedStack } from "../environment/renamed-stacks.ts";
import type { Deletable } from "./deletable.ts";
import { idsIn, refuseProtected, renamedError } from "./delete-guards.ts";
import { bucketsOfEntry } from "./remains/buckets.ts";
import { findRemains } from "./remains/find.ts";
import { holdsData, isGone } from "./remains/remains.ts";
import { deleteRecord, removeAllRemains, reopenUsage } from "./remains/remove.ts";
import { settleStack } from "./settle-stack.ts";
import { unshareUpload } from "./upload/shared-uploads.ts";
import { beginDeletion, endUpload, forgetDeletion } from "./upload/unfinished.ts";

/**
 * Deletes an entry in three steps. It checks for protection and locks before it changes anything. It destroys the entry's stack,
 * the record before the data. It searches AWS by the ID for remains, removes them, and searches again.
 * Without a stack, or without its state, the ID alone is enough.
 * @param expected of an entry without a stack: its record when it was selected. A record that has changed since stays
 * @throws UserError if the deletion is refused, or data remain. Remaining data stay visible: as an entry in state `deleting`,
 * and in the usage ledger.
 */
export async function deleteEntry(
  context: EntryContext,
  project: EngineSettings,
  entry: Deletable,
  options: UpdateOptions,
  expected?: StagingRecord,
): Promise<void> {
  const { id } = entry;
  const { environmentName: environment } = context;
  const stack = entryStackName(environment, id);
  await takeOverDeadLocks(project, stack, options);
  await repairState(project, stack, { whenLost: "set aside", onNote: options.onNote });
  const { exists, resources } = await readState(project, stack);
  const renamed = exists ? [] : await findRenamed(project, id, stack);
  const again = commandLine(`spawn stage delete ${id} --yes`, environment);
  for (const one of [{ stack, resources }, ...renamed])
    refuseProtected(one.stack, one.resources, { what: id, again, environment });
  await refuseForeign(context, stack, id, resources);
  // An entry without a stack of its own may belong to the environment's stack, whatever its record says.
  if (!exists) await refuseInState(context, id, undefined);
  const facts = { startedAt: entry.uploadedAt, sizeBytes: entry.sizeBytes, fileCount: entry.fileCount };
  const locks = await findLocks(context, id, await bucketsOfEntry(context, id), serverClock.now());
  const before = await beginDeletion(stack, facts);
  if (locks.length > 0) throw lockedError(id, locks, "nothing", again);
  const progress = { hasBegun: false };
  try {
    await destroy(context, project, entry, noting(options, progress), expected);
    progress.hasBegun = true;
    await removeAllRemains(context, id, options);
  } catch (error) {
    // A request may have been in flight at the interruption, so data may be deleted.
    const isInterrupted = error instanceof UserError && error.exitCode === 130;
    if (!progress.hasBegun && !isInterrupted) {
      await forgetDeletion(stack, before);
      throw error;
    }
    throw await keepVisible(context, id, error, options);
  }
  await forgetAll(project, renamed, options);
  await removeDamagedFiles(project, stack);
  await rm(settingsFile(project.project, stack), { force: true });
  await unshareUpload(project, stack);
  await endUpload(stack);
}

/** Options that record whether the update has begun to delete anything. The guard, which is first, has nothing in AWS. */
function noting(options: UpdateOptions, progress: { hasBegun: boolean }): UpdateOptions {
  return {
    ...options,
    onEvent: (event) => {
      const { op, type } = event.resourcePreEvent?.metadata ?? {};
      if (op === "delete" && type !== ENTRY_GUARD) progress.hasBegun = true;
      options.onEvent?.(event);
    },
  };
}

/** Destroys the entry's own stack, if it exists. */
async function destroy(
  context: RemainsContext,
  project: EngineSettings,
  { id, uploadedAt }: Deletable,
  options: UpdateOptions,
  expected: StagingRecord | undefined,
): Promise<void> {
  const stack = entryStackName(context.environmentName, id);
  const { exists, resources } = await settleStack(context, project, stack, id, "adopt", options);
  if (!exists) {
    if (uploadedAt !== undefined)
      options.onNote?.(`The stack ${stack} is not in the backend; ${id} is deleted by its ID.`, "info");
    if (expected !== undefined) await deleteRecord(context, id, expected);
    return;
  }
  if (idsIn(resources).some((other) => other !== id)) {
    await forgetStack(project, stack);
    return;
  }
  // No reader may find the record while the data are deleted.
  if (!resources.some(({ type }) => type === RECORD_TYPE)) await deleteRecord(context, id);
  await runUpdate(project, stack, { kind: "destroy", remove: true }, options);
}

/** @throws UserError if the stack with the entry's name holds another entry that still exists */
async function refuseForeign(
  context: RemainsContext,
  stack: string,
  id: StagingId,
  resources: readonly StateResource[],
): Promise<void> {
  for (const other of idsIn(resources)) {
    if (other === id || isGone(await findRemains(context, other))) continue;
    throw renamedError(stack, id, other, context.environmentName);
  }
}

/**
 * Opens the usage row again if a failed deletion has left data, because they still cost money.
 * @returns the error to throw; it names a lock, if there is one
 */
async function keepVisible(
  context: RemainsContext,
  id: StagingId,
  error: unknown,
  { signal }: UpdateOptions,
): Promise<unknown> {
  const left = await findRemains(context, id);
  if (!holdsData(left)) return error;
  await reopenUsage(context, id);
  if (signal?.aborted === true) return error;
  const again = commandLine(`spawn stage delete ${id} --yes`, context.environmentName);
  const locks = await findLocks(context, id, left.places, serverClock.now());
  return locks.length === 0 ? error : lockedError(id, locks, "some", again);
}

/** Removes renamed stacks of the deleted entry: their resources no longer exist. */
async function forgetAll(
  project: EngineSettings,
  renamed: readonly RenamedStack[],
  options: UpdateOptions,
): Promise<void> {
  for (const { stack } of renamed) {
    if (await forgetStack(project, stack))
      options.onNote?.(`The stack ${stack}, which held it under another name, was removed.`, "info");
  }
}

/** Deletions that run at the same time. Each has its own engine of 100 MB, and S3 does most of the work. */
const CONCURRENCY = 3;

/** Events of a deletion of several entries. */
export interface DeletionEvents<E extends Deletable = Deletable> {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (entry: E, progress: Progress) => void;
  readonly onChange?: (entry: E, change: ResourceChange) => void;
  readonly onNote?: (entry: E, message: string, severity: "info" | "warning") => void;
  /** After an entry was deleted. */
  readonly onDeleted?: (entry: E) => void;
}

/**
 * Deletes entries, a few at the same time. If one deletion fails, the others continue.
 * @param remove removes one entry, such as {@link deleteEntry}
 */
export function deleteEntries<E extends Deletable>(
  entries: readonly E[],
  events: DeletionEvents<E>,
  remove: (entry: E, options: UpdateOptions) => Promise<void>,
): Promise<Outcome<E>[]> {
  const { signal } = events;
  return forEachConcurrently(entries, { limit: CONCURRENCY, signal }, async (entry) => {
    await remove(entry, {
      ...(signal === undefined ? {} : { signal }),
      onProgress: (progress) => events.onProgress?.(entry, counted(progress, entry)),
      onChange: (change) => events.onChange?.(entry, change),
      onNote: (message, severity) => events.onNote?.(entry, message, severity),
    });
    events.onDeleted?.(entry);
  });
}

/** Objects per request of a deletion. A smaller entry has no progress to show. */
const LARGE_TREE = 1_000;

/** Takes the number of objects from the record: the provider knows it only after it has listed them all. */
function counted(progress: Progress, { fileCount = 0 }: Deletable): Progress {
  if (progress.phase !== "delete" || fileCount < LARGE_TREE) return progress;
  const objects = fileCount + 1; // the manifest
  return { ...progress, total: objects, objectsTotal: objects };
}
