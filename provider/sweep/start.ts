import { InputError } from "../../staging/errors.ts";
import type { SweepMeta } from "../../staging/sweep/meta-item.ts";
import type { SweepAccess } from "./access.ts";
import { endIfCancelled, requireNotCancelled } from "./cancelled.ts";
import { startWorkers } from "./capacity.ts";
import { newIndexItems, newRegionItems } from "./new-items.ts";
import type { RunPlan } from "./plan.ts";
import { openRows, type RowsFile } from "./rows-file.ts";
import { commitStart, findRun, putRunIfAbsent, type RunItem, settleDeadline } from "./run-item.ts";
import { writeNewItems } from "./write-items.ts";

/**
 * Starts a sweep once. Every step is idempotent, so a run that was killed between two requests can be repeated, and concurrent runs are
 * safe:
 *
 * 1. Items are written only if they do not exist, so an item that a worker claimed is never overwritten.
 * 2. The deadline is set once, before any group gets capacity.
 * 3. Each group gets its deadline, then more capacity if it has fewer instances than `alive`.
 * 4. `started_at` is the commit. After it, no run starts workers, even if the stack's state was lost.
 *
 * @param onBegun called once the sweep is in the table: from then on, a failure leaves items to delete
 * @throws InputError if the rows differ from the plan, the ID belongs to a different sweep, or the sweep was cancelled
 */
export async function startSweep(
  access: SweepAccess,
  plan: RunPlan,
  onBegun: () => void,
): Promise<SweepMeta> {
  const { inputs, regions } = plan;
  const found = await findRun(access);
  if (found !== undefined) {
    requireSame(plan, found);
    onBegun();
    if (found.meta.startedAt !== undefined) return found.meta;
    requireNotCancelled(found.meta);
  }
  const rows = await rowsOf(access, plan);
  let meta: SweepMeta;
  try {
    const deadlineAt = new Date(access.now().getTime() + inputs.deadlineSeconds * 1000);
    await putRunIfAbsent(access, plan, deadlineAt);
    const run = await findRun(access);
    if (run !== undefined) requireSame(plan, run);
    onBegun();
    const items = { ...plan, generation: inputs.generation, deadlineAt: run?.meta.deadlineAt ?? deadlineAt };
    await writeNewItems(access, newRegionItems(items));
    await writeNewItems(access, newIndexItems(items, rows?.rows()), (count) =>
      access.progress(`Writing items ${count} of ${inputs.count}`),
    );
    meta = await settleDeadline(access, plan, false);
  } finally {
    await rows?.close();
  }
  if (meta.startedAt !== undefined) return meta;
  requireNotCancelled(meta);
  access.progress("Starting workers");
  const { deadlineAt } = meta;
  await Promise.all(regions.map((region) => startWorkers(access, region, inputs.generation, deadlineAt)));
  meta = await commitStart(access);
  await endIfCancelled(access, regions, meta);
  return meta;
}

async function rowsOf(
  { signal }: SweepAccess,
  { inputs: { rowsFile, rowsSha256, count } }: RunPlan,
): Promise<RowsFile | undefined> {
  if (rowsFile === undefined || rowsSha256 === undefined) return undefined;
  return openRows(rowsFile, rowsSha256, count, signal);
}

/** Sweep IDs are random, so different settings under the same ID mean that the user edited the sweep. */
function requireSame({ sweepId, stack, fingerprint }: RunPlan, run: RunItem): void {
  if (run.meta.stack === stack && (run.fingerprint === undefined || run.fingerprint === fingerprint)) return;
  throw new InputError(`${sweepId} was launched with other settings`, {
    why: "Its items in the sweeps table were written with those; a sweep does not change after its launch.",
    fix: (_spell, command) =>
      `Undo the edit of the sweep's settings, or launch another sweep: ${command(`spawn sweep delete ${sweepId}`)}, then ${command("spawn launch --params FILE")}`,
  });
}
