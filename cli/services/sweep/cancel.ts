import { explained } from "../../../provider/store/explain.ts";
import { cancelSweep } from "../../../provider/sweep/cancel.ts";
import type { SweepMeta } from "../../../staging/sweep/meta-item.ts";
import type { Context } from "../../context.ts";
import type { UpdateOptions } from "../../engine/update.ts";
import { groupsOf, sweepAccess } from "./access.ts";

/**
 * Ends a sweep's workers and cancels its open indices. Its stack stays, so that it can be retried. Doing it again changes nothing more.
 * @returns how many indices were cancelled
 */
export async function cancelRun(
  context: Pick<Context, "connection" | "settings" | "tables">,
  meta: SweepMeta,
  options: Pick<UpdateOptions, "signal" | "onNote">,
): Promise<number> {
  const [access, groups] = await Promise.all([
    sweepAccess(context, meta.sweepId, options),
    groupsOf(context, meta),
  ]);
  return await explained(`cancelling ${meta.sweepId}`, async () => (await cancelSweep(access, groups)) ?? 0);
}
