import { type SweepId, sweepStackName } from "../../../staging/sweep/id.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import type { SessionSource } from "../../engine/session.ts";
import type { UpdateOptions } from "../../engine/update.ts";
import { refuseProtected } from "../entry/delete-guards.ts";
import { cancelRun } from "./cancel.ts";
import { CorruptSweepItem } from "./corrupt-item.ts";
import { isListed, unlist } from "./items.ts";
import { endLaunch, refuseOfLaunching } from "./launch-journal.ts";
import type { SweepProgress } from "./progress.ts";
import type { Remain } from "./remains/remain.ts";
import { findSweepRemains, removeSweepRemains } from "./remains/remains.ts";
import { removeFiles, settingsHere } from "./settings.ts";
import { hasSweepStack, openSweepStack } from "./stack.ts";
import { sweepTable } from "./tables.ts";
import { noSweep, readSweepProgress } from "./watch.ts";

/** A sweep that `sweep delete` can delete. */
export interface DeletableSweep {
  readonly id: SweepId;
  /** Undefined if the sweep has no items, or if they cannot be read. */
  readonly progress: SweepProgress | undefined;
  /** Why the items cannot be read. A deletion needs only the ID. */
  readonly corrupt?: CorruptSweepItem;
  readonly hasStack: boolean;
}

type DeletionContext = Pick<
  Context,
  "connection" | "clientConfig" | "environmentName" | "iam" | "settings" | "tables"
> &
  SessionSource;

/** Parts that a test replaces. */
const PARTS = {
  hasStack: hasSweepStack,
  openStack: openSweepStack,
  cancel: cancelRun,
  findRemains: findSweepRemains,
};

/** @throws InputError if the table, the backend, this machine and AWS have nothing of the sweep */
export async function findDeletableSweep(
  context: DeletionContext,
  id: SweepId,
  { hasStack: inBackend, findRemains }: Pick<typeof PARTS, "hasStack" | "findRemains"> = PARTS,
): Promise<DeletableSweep> {
  const { environmentName: environment } = context;
  const table = await sweepTable(context);
  const [hasStack, listed, here] = await Promise.all([
    inBackend(context, id),
    isListed(table, id),
    settingsHere(environment, id),
  ]);
  const isKnown = listed || hasStack || here !== undefined;
  if (!isKnown && (await remainsOf(context, id, findRemains)).length === 0) throw noSweep(environment, id);
  try {
    return { id, hasStack, progress: listed ? await readSweepProgress(table, id) : undefined };
  } catch (error) {
    if (!(error instanceof CorruptSweepItem)) throw error;
    return { id, hasStack, progress: undefined, corrupt: error };
  }
}

/** Resources that AWS has of the sweep and no stack has: of an interrupted launch, or of a lost state. */
async function remainsOf(
  context: Pick<Context, "clientConfig" | "environmentName" | "iam" | "settings">,
  id: SweepId,
  find: typeof findSweepRemains,
  progress?: SweepProgress,
): Promise<Remain[]> {
  const [{ buckets }, here] = await Promise.all([
    context.settings(),
    settingsHere(context.environmentName, id),
  ]);
  return await find(context, id, [
    ...buckets.keys(),
    ...(progress?.meta.regions ?? []),
    ...(here?.spec.regions ?? []).map(({ region }) => region),
  ]);
}

/**
 * Deletes a sweep: ends its workers, cancels its open indices, and deletes its stack. The items stay until they expire, because a worker that
 * ends a moment later would create a deleted item again; lists no longer show the sweep. The logs stay until they expire.
 * @throws UserError if it fails; the same command resumes it
 */
export async function deleteSweep(
  context: DeletionContext,
  { id, progress, hasStack }: DeletableSweep,
  options: UpdateOptions,
  { openStack, cancel, findRemains }: Pick<typeof PARTS, "openStack" | "cancel" | "findRemains"> = PARTS,
): Promise<void> {
  const { environmentName: environment } = context;
  const name = sweepStackName(environment, id);
  if (progress?.meta.startedAt === undefined) await refuseOfLaunching(name, id);
  const stack = await openStack(context, id, options);
  if (hasStack) {
    const { exists, resources } = await stack.recover("destroy");
    const again = commandLine(`spawn sweep delete ${id} --yes`, environment);
    refuseProtected(name, resources, { what: id, again, environment });
    if (exists) await stack.destroy();
  }
  // After an interrupted launch, the stack does not know that indices are open.
  if (progress !== undefined) await cancel(context, progress.meta, options);
  await removeSweepRemains(await remainsOf(context, id, findRemains, progress), options);
  await unlist(await sweepTable(context), id);
  await stack.removeDamagedFiles();
  await removeFiles(environment, id);
  await endLaunch(name);
}
