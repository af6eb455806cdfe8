import { InputError } from "../../staging/errors.ts";
import type { SweepMeta } from "../../staging/sweep/meta-item.ts";
import type { RegionGroup, SweepAccess } from "./access.ts";
import { endAllWorkers } from "./cancel.ts";

/** @throws InputError if the sweep was cancelled */
export function requireNotCancelled({ sweepId, startedAt, cancelledAt }: SweepMeta): void {
  if (cancelledAt === undefined) return;
  throw new InputError(`${sweepId} was cancelled`, {
    why: "No worker is alive, and none starts.",
    fix: (_spell, command) =>
      startedAt === undefined
        ? `${command(`spawn sweep delete ${sweepId}`)}, then ${command("spawn launch --params FILE")}`
        : `To run what was cancelled: ${command(`spawn sweep retry ${sweepId}`)}`,
  });
}

/** Ends the workers of a sweep that was cancelled during their start. @throws InputError if it was cancelled */
export async function endIfCancelled(
  access: SweepAccess,
  groups: readonly RegionGroup[],
  meta: SweepMeta,
): Promise<void> {
  if (meta.cancelledAt !== undefined) await endAllWorkers(access, groups);
  requireNotCancelled(meta);
}
