import { findOpenSweeps } from "../../../provider/sweep/open-sweeps.ts";
import type { InputError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import type { SweepId } from "../../../staging/sweep/id.ts";
import { inUse } from "../../../staging/sweep/in-use.ts";
import type { SweepReading } from "../../../staging/sweep/meta-item.ts";
import { commandsIn } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import { corruptItem } from "./corrupt-item.ts";
import { sweepTable } from "./tables.ts";

/** The unfinished sweeps of the environment. @throws CorruptSweepItem */
export async function openSweeps(context: Pick<Context, "settings" | "tables">): Promise<SweepReading[]> {
  const table = await sweepTable(context);
  const access = { client: table.client, table: table.name, now: () => serverClock.now() };
  return await findOpenSweeps(access, (error, plain) => {
    throw corruptItem(table, error, plain);
  });
}

/** By entry, the unfinished sweeps that read it. Other entries are absent. @throws CorruptSweepItem */
export async function sweepsReading(
  context: Pick<Context, "settings" | "tables">,
  ids: readonly StagingId[],
): Promise<ReadonlyMap<StagingId, readonly SweepId[]>> {
  const reading = new Map<StagingId, SweepId[]>();
  if (ids.length === 0) return reading;
  const wanted = new Set(ids);
  for (const { sweepId, entries } of await openSweeps(context)) {
    for (const id of entries) {
      if (wanted.has(id)) reading.set(id, [...(reading.get(id) ?? []), sweepId]);
    }
  }
  return reading;
}

/** The error for an entry, or a part of it, that sweeps read. @param operation the refused one */
export const entryInUse = (
  what: string,
  sweeps: readonly SweepId[],
  environment: string,
  operation: "deleted" | "removed",
): InputError => inUse(what, sweeps, operation).inEnvironment(commandsIn(environment));
