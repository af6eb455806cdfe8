import { UserError } from "../../../staging/errors.ts";
import { isSweepId } from "../../../staging/sweep/id.ts";
import { SWEEP_KEY } from "../../../staging/sweep/item-keys.ts";
import type { SweepItemError } from "../../../staging/sweep/item-reader.ts";
import { commandLine } from "../../command-line.ts";
import type { SweepTable } from "./tables.ts";

/** An item of the sweeps table that cannot be read. Lists report it and continue. */
export class CorruptSweepItem extends UserError {}

/** `error` with the table's name, and the command that deletes the sweep. @param plain the attributes of the item */
export function corruptItem(
  { name, region, environment }: SweepTable,
  error: SweepItemError,
  plain: Readonly<Record<string, unknown>>,
): CorruptSweepItem {
  const id = plain[SWEEP_KEY];
  const target = typeof id === "string" && isSweepId(id) ? id : "ID";
  return new CorruptSweepItem(error.message, {
    why: `${error.why ?? ""} The table is ${name} in ${region}.`.trim(),
    fix: commandLine(`spawn sweep delete ${target} --yes`, environment),
    cause: error,
  });
}
