import type { Region } from "../../../staging/regions.ts";
import type { Context } from "../../context.ts";
import type { UpdateOptions } from "../../engine/update.ts";

/**
 * Starts what runs the workers of a sweep, before its groups ask for instances: those of the local cloud are processes of this machine. On
 * AWS, and with a server of the user's own, there is nothing to start here.
 * @throws UserError where this machine cannot run them
 */
export async function startMachines(
  context: Pick<Context, "connection">,
  regions: readonly Region[],
  { signal, onNote }: UpdateOptions,
): Promise<void> {
  if (!(await context.connection()).isLocalCloud) return;
  const { ensureMachines } = await import("../../../local/machines/machines.ts");
  await ensureMachines({ regions, signal, onProgress: ({ text }) => onNote?.(text, "info") });
}
