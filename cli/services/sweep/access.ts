import type { RegionGroup, SweepAccess } from "../../../provider/sweep/access.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import type { SweepId } from "../../../staging/sweep/id.ts";
import type { SweepMeta } from "../../../staging/sweep/meta-item.ts";
import { sweepResourceName } from "../../../staging/sweep/names.ts";
import type { Context } from "../../context.ts";
import type { UpdateOptions } from "../../engine/update.ts";
import { sweepTable } from "./tables.ts";

/** What the provider's operations on a sweep need, for a command that does them without the engine. */
export async function sweepAccess(
  context: Pick<Context, "connection" | "settings" | "tables">,
  id: SweepId,
  { signal = new AbortController().signal, onNote }: Pick<UpdateOptions, "signal" | "onNote">,
): Promise<SweepAccess> {
  const [
    { openAccess },
    { autoScalingGroups, createAutoScalingClients },
    { createBulkDynamoClients },
    table,
    connection,
  ] = await Promise.all([
    import("../../../connection/access.ts"),
    import("../../../provider/sweep/auto-scaling.ts"),
    import("../../../provider/dynamo-clients.ts"),
    sweepTable(context),
    context.connection(),
  ]);
  const access = await openAccess(connection);
  return {
    sweepId: id,
    table: table.name,
    client: createBulkDynamoClients({ access })(table.region),
    groups: autoScalingGroups(createAutoScalingClients(access)),
    now: () => serverClock.now(),
    signal,
    progress: () => undefined,
    note: (text) => onNote?.(text, "warning"),
  };
}

/** The groups of a sweep, by their names. */
export async function groupsOf(
  context: Pick<Context, "settings">,
  { sweepId, regions }: Pick<SweepMeta, "sweepId" | "regions">,
): Promise<RegionGroup[]> {
  const group = sweepResourceName(await context.settings(), sweepId);
  return regions.map((region) => ({ region, group }));
}
