import type { S3Client } from "@aws-sdk/client-s3";
import { errorName } from "../../../connection/errors/failure.ts";
import { isNoSuchBucket } from "../../../connection/errors/kinds.ts";
import { storeOf } from "../../../provider/store/store-of.ts";
import { deleteLogs } from "../../../provider/transfer/delete.ts";
import { InputError } from "../../../staging/errors.ts";
import { isSweepId, SWEEP_PREFIX, type SweepId, sweepOfStack } from "../../../staging/sweep/id.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import type { EngineSession } from "../../engine/session.ts";
import { listStacks } from "../../engine/stacks.ts";
import type { UpdateOptions } from "../../engine/update.ts";
import { plural } from "../../render/text.ts";
import { openSweeps } from "../sweep/open-sweeps.ts";

/** Sweeps that an error names. */
const SHOWN = 5;

/**
 * Refuses to destroy an environment with sweeps: their roles and groups would stay, and their workers would find no table.
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
 * Deletes the logs that sweeps have left in the environment's own buckets: they expire in time, and until then no bucket could be deleted.
 * A bucket of the user's keeps them.
 */
export async function deleteLogsLeft(
  context: Pick<Context, "s3" | "settings">,
  { signal = new AbortController().signal, onNote }: Pick<UpdateOptions, "signal" | "onNote">,
): Promise<void> {
  const { buckets, adopted } = await context.settings();
  for (const [region, bucket] of buckets) {
    if (adopted.has(region)) continue;
    const client = await context.s3(region);
    try {
      const ids = await sweepsWithLogs(client, bucket);
      if (ids.length > 0)
        onNote?.(`Deleting the logs of ${plural(ids.length, "sweep")} in ${region}`, "info");
      for (const id of ids) await deleteLogs(client, bucket, id, { signal });
    } catch (error) {
      if (!isNoSuchBucket(error) && errorName(error) !== "NotFound") throw error;
    }
  }
}

/** Sweeps that have versions in the bucket. Folded at the slash: one line for each sweep. */
async function sweepsWithLogs(client: S3Client, bucket: string): Promise<SweepId[]> {
  const ids: SweepId[] = [];
  const folders = { bucket, prefix: SWEEP_PREFIX, delimiter: "/" };
  for await (const prefix of storeOf(client).listVersionPrefixes(folders)) {
    const id = prefix.slice(0, -1);
    if (isSweepId(id)) ids.push(id);
  }
  return ids;
}
