import { InputError } from "../../../staging/errors.ts";
import { isSweepId, parseLaunchedSweepIdStart, type SweepId } from "../../../staging/sweep/id.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import { sweepNames } from "./all-sweeps.ts";
import { sweepTable } from "./tables.ts";

/** Candidates that an error lists. */
const SHOWN = 10;

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
  const [only, ...others] = found.keys();
  if (only === undefined) {
    throw new InputError(
      `no sweep in environment ${context.environmentName} has an ID that begins with ${start}`,
      {
        fix: commandLine("spawn sweep list", context.environmentName),
      },
    );
  }
  if (others.length === 0) return only;
  const shown = [...found]
    .sort()
    .slice(0, SHOWN)
    .map(([id, name]) => `${id} (${name})`);
  const more = found.size > SHOWN ? [`and ${found.size - SHOWN} more`] : [];
  throw new InputError(`the IDs of ${found.size} sweeps begin with ${start}`, {
    why: `${[...shown, ...more].join(", ")}.`,
    fix: "Type more digits of the ID.",
  });
}
