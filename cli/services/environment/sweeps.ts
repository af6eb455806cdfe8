import { errorName } from "../../../connection/errors/failure.ts";
import { isNoSuchBucket } from "../../../connection/errors/kinds.ts";
import type { ObjectStore } from "../../../provider/store/object-store.ts";
import { deleteLogs } from "../../../provider/transfer/delete.ts";
import { InputError } from "../../../staging/errors.ts";
import { isSweepId, SWEEP_PREFIX, type SweepId, sweepOfStack } from "../../../staging/sweep/id.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import type { EngineSession } from "../../engine/session.ts";
import { listStacks } from "../../engine/stacks.ts";
import type { UpdateOptions } from "../../engine/update.ts";
import { folderIds } from "../cleanup/places.ts";
import { openSweeps } from "../sweep/open-sweeps.ts";

/** Maximum number of sweeps that an error names. */
const SHOWN = 5;

/**
 * Refuses to destroy an environment with sweeps: their roles and groups would stay, and their workers would lose the table.
 * @throws InputError that names the sweeps, and a command that removes one
 */
export async function refuseWithSweeps(
  context: Pick<Context, "settings" | "tables">,
  session: EngineSession,
): Promise<void> {
  const { name } = session.settings;
  const [stacks, open] = await Promise.all([listStacks(session.entryProject), openSweeps(context)]);
  const stacked = stacks.filter((stack) => stack.startsWith(`${name}.`)).map(sweepOfStack);
  const ids = [...new Set<SweepId | undefined>([...stacked, ...open.map(({ sweepId }) => sweepId)])]
    .filter((id) => id !== undefined)
    .sort();
  const [first] = ids;
  if (first === undefined) return;
  const more = ids.length > SHOWN ? `, and ${ids.length - SHOWN} more` : "";
  throw new InputError(
    `environment ${name} still has ${ids.length === 1 ? "a sweep" : `${ids.length} sweeps`}`,
    {
      why: `Workers could be running, and roles and groups would stay: ${ids.slice(0, SHOWN).join(", ")}${more}.`,
      fix: ids
        .slice(0, SHOWN)
        .map((id) => commandLine(`spawn sweep delete ${id} --yes`, name))
        .join(" && "),
    },
  );
}

/**
 * Deletes the logs of sweeps in the environment's own buckets, which could not be deleted until the logs expire. An adopted bucket keeps
 * them.
 */
export async function deleteLogsLeft(
  context: Pick<Context, "settings" | "store">,
  { signal = new AbortController().signal, onNote }: Pick<UpdateOptions, "signal" | "onNote">,
): Promise<void> {
  const { buckets, adopted } = await context.settings();
  for (const [region, bucket] of buckets) {
    if (adopted.has(region)) continue;
    const store = await context.store(region);
    try {
      const ids = await sweepsWithLogs(store, bucket);
      if (ids.length > 0)
        onNote?.(
          `Deleting the logs of ${ids.length} ${ids.length === 1 ? "sweep" : "sweeps"} in ${region}`,
          "info",
        );
      for (const id of ids) await deleteLogs(store, bucket, id, { signal });
    } catch (error) {
      if (!isNoSuchBucket(error) && errorName(error) !== "NotFound") throw error;
    }
  }
}

/** Sweeps that have versions in the bucket. The delimiter gives one line per sweep. */
async function sweepsWithLogs(store: ObjectStore, bucket: string): Promise<SweepId[]> {
  const folders = store.listVersionPrefixes({ bucket, prefix: SWEEP_PREFIX, delimiter: "/" });
  const ids: SweepId[] = [];
  for await (const id of folderIds(folders, isSweepId)) ids.push(id);
  return ids;
}
