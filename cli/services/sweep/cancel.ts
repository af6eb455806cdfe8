import { explained } from "../../../provider/store/explain.ts";
import type { SweepAccess } from "../../../provider/sweep/access.ts";
import { cancelSweep } from "../../../provider/sweep/cancel.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import type { SweepMeta } from "../../../staging/sweep/meta-item.ts";
import { sweepResourceName } from "../../../staging/sweep/names.ts";
import type { Context } from "../../context.ts";
import type { UpdateOptions } from "../../engine/update.ts";
import { sweepTable } from "./tables.ts";

type CancelContext = Pick<Context, "connection" | "settings" | "tables">;
/** Clients for a sweep's table and groups. */
type CancelClients = Pick<SweepAccess, "client" | "groups">;

/**
 * Ends a sweep's workers and cancels its open indices. The stack stays, so that the sweep can be retried. A second cancellation changes nothing.
 * @param openClients replaced by tests
 * @returns the number of cancelled indices
 */
export async function cancelRun(
  context: CancelContext,
  { sweepId, regions }: Pick<SweepMeta, "sweepId" | "regions">,
  { signal = new AbortController().signal, onNote }: Pick<UpdateOptions, "signal" | "onNote">,
  openClients = clientsOf,
): Promise<number> {
  const [{ client, groups }, settings] = await Promise.all([openClients(context), context.settings()]);
  const access: SweepAccess = {
    ...{ sweepId, table: settings.sweepsTable, client, groups, signal },
    now: () => serverClock.now(),
    progress: () => undefined,
    note: (text) => onNote?.(text, "warning"),
  };
  const group = sweepResourceName(settings, sweepId);
  const all = regions.map((region) => ({ region, group }));
  return await explained(`cancelling ${sweepId}`, async () => (await cancelSweep(access, all)) ?? 0);
}

/** @throws InputError if the environment's tables belong to another one */
async function clientsOf(context: CancelContext): Promise<CancelClients> {
  const [
    { openAccess },
    { autoScalingGroups, createAutoScalingClients },
    { createBulkDynamoClients },
    table,
  ] = await Promise.all([
    import("../../../connection/access.ts"),
    import("../../../provider/sweep/auto-scaling.ts"),
    import("../../../provider/dynamo-clients.ts"),
    sweepTable(context),
  ]);
  const access = await openAccess("cli", await context.connection());
  return {
    client: createBulkDynamoClients({ access })(table.region),
    groups: autoScalingGroups(createAutoScalingClients(access)),
  };
}
