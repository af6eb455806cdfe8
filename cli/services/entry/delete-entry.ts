import { rm } from "node:fs/promises";
import { entryStackName } from "../../../staging/entry.ts";
import { UserError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import { RECORD_TYPE } from "../../../staging/resources.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { commandLine } from "../../command-line.ts";
import type { Context, EntryContext } from "../../context.ts";
import { settingsFile } from "../../engine/entry-project.ts";
import { takeOverDeadLocks } from "../../engine/lock.ts";
import type { EngineSettings } from "../../engine/process.ts";
import { repairState } from "../../engine/repair.ts";
import { readState, type StateResource } from "../../engine/state.ts";
import { removeSetAside } from "../../engine/state-file.ts";
import { runUpdate, type UpdateOptions } from "../../engine/update.ts";
import { refuseInState } from "../environment/declared.ts";
import { findLocks, lockedError } from "../environment/object-locks.ts";
import { findRenamed, forgetStack, type RenamedStack } from "../environment/renamed-stacks.ts";
import type { Deletable } from "./delete.ts";
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
 * the record before the data. It searches AWS by the id for remains, removes them, and searches again.
 * Without a stack, or without its state, the id alone is enough.
 * @param expected of an entry without a stack, its record as it was judged: one that was changed meanwhile stays
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
  // Without a stack of its own it may be an entry of the environment's, whatever its record says.
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
    // Of an interrupted deletion a request may have been in flight, so something may be gone.
    const isInterrupted = error instanceof UserError && error.exitCode === 130;
    if (!progress.hasBegun && !isInterrupted) {
      await forgetDeletion(stack, before);
      throw error;
    }
    throw await keepVisible(context, id, error, options);
  }
  await forgetAll(project, renamed, options);
  await removeSetAside(project, stack);
  await rm(settingsFile(project.project, stack), { force: true });
  await unshareUpload(project, stack);
  await endUpload(stack);
}

/** The options of an update that notes whether it has begun to delete anything. */
function noting(options: UpdateOptions, progress: { hasBegun: boolean }): UpdateOptions {
  return {
    ...options,
    onEvent: (event) => {
      if (event.resourcePreEvent?.metadata.op === "delete") progress.hasBegun = true;
      options.onEvent?.(event);
    },
  };
}

/** Destroys the entry's own stack, where there is one. */
async function destroy(
  context: Pick<
    Context,
    "account" | "at" | "clientConfig" | "environmentName" | "s3" | "settings" | "tables"
  >,
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

/** @throws UserError where the stack under the entry's name holds another entry that is still there */
async function refuseForeign(
  context: Pick<
    Context,
    "account" | "at" | "clientConfig" | "environmentName" | "s3" | "settings" | "tables"
  >,
  stack: string,
  id: StagingId,
  resources: readonly StateResource[],
): Promise<void> {
  for (const other of idsIn(resources)) {
    if (other === id || isGone(await findRemains(context, other, "some"))) continue;
    throw renamedError(stack, id, other, context.environmentName);
  }
}

/**
 * What a deletion that failed has left costs money: its usage row is open again.
 * @returns the error to be thrown, which names the lock where there is one
 */
async function keepVisible(
  context: Pick<
    Context,
    "account" | "at" | "clientConfig" | "environmentName" | "s3" | "settings" | "tables"
  >,
  id: StagingId,
  error: unknown,
  { signal }: UpdateOptions,
): Promise<unknown> {
  const left = await findRemains(context, id, "some");
  if (!holdsData(left)) return error;
  await reopenUsage(context, id);
  if (signal?.aborted === true) return error;
  const again = commandLine(`spawn stage delete ${id} --yes`, context.environmentName);
  const locks = await findLocks(context, id, left.places, serverClock.now());
  return locks.length === 0 ? error : lockedError(id, locks, "some", again);
}

/** The entry is gone: stacks that hold it under other names hold nothing. */
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
