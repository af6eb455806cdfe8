import { InputError } from "../../../staging/errors.ts";
import { isSweepId, parseLaunchedSweepIdStart, type SweepId } from "../../../staging/sweep/id.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import { onlyMatch } from "../common/only-match.ts";
import { sweepNames } from "./all-sweeps.ts";
import { sweepTable } from "./tables.ts";

/**
 * Resolves a whole or shortened ID. A whole ID costs no request and is not checked.
 * @throws InputError if no sweep or more than one matches; it lists the candidates
 */
export async function resolveSweepId(
  context: Pick<Context, "environmentName" | "settings" | "tables">,
  text: string,
): Promise<SweepId> {
  const start = parseLaunchedSweepIdStart(text);
  if (isSweepId(start)) return start;
  const found = new Map<SweepId, string>();
  for await (const page of sweepNames(await sweepTable(context)))
    for (const [id, name] of page) if (id.startsWith(start)) found.set(id, name);
  const { environmentName } = context;
  const none = new InputError(
    `no sweep in environment ${environmentName} has an ID that begins with ${start}`,
    { fix: commandLine("spawn sweep list", environmentName) },
  );
  return onlyMatch(found, none, (count) => `the IDs of ${count} sweeps begin with ${start}`);
}
