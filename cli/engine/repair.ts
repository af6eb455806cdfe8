import { UserError } from "../../staging/errors.ts";
import { shellQuoted } from "../../staging/shell.ts";
import type { EngineSettings } from "./process.ts";
import { readState } from "./state.ts";
import { restoreBackup, type StateFile, setAside } from "./state-file.ts";

/**
 * What became of a state that could not be read. `restored`: it is again what the engine's own backup says, in which the last
 * step may be missing. `lost`: there is no backup; the file was set aside, and the stack is gone for the engine.
 */
export type Repair = "whole" | "restored" | "lost";

export interface RepairOptions {
  /**
   * What becomes of a file that cannot be read where there is no backup. `set aside`: the stack is gone then, for what can do
   * without. `refuse`: the command ends.
   */
  readonly whenLost: "set aside" | "refuse";
  /** Told of the file, and of what is in its place. */
  readonly onNote?: ((message: string, severity: "info" | "warning") => void) | undefined;
}

/**
 * Makes a stack whose checkpoint was cut or damaged one that the engine can read, or none.
 * @throws UserError that names the file, where there is no backup and none can be done without
 */
export async function repairState(
  settings: EngineSettings,
  stack: string,
  { whenLost, onNote }: RepairOptions,
): Promise<Repair> {
  const { damaged } = await readState(settings, stack);
  if (damaged === undefined) return "whole";
  const { file, why } = damaged;
  const backup = await restoreBackup(file, stack);
  if (backup !== undefined) {
    onNote?.(
      `The state file ${file} is damaged. ${why} The engine's backup ${backup} was put in its place.`,
      "warning",
    );
    return "restored";
  }
  if (whenLost === "refuse") throw damagedState(stack, damaged);
  const aside = await setAside(file);
  onNote?.(
    `The state file ${file} is damaged, without a backup. ${why} It was moved to ${aside}.`,
    "warning",
  );
  return "lost";
}

/** The error of a command that cannot go on without the state. */
export function damagedState(
  stack: string,
  { file, why }: Extract<StateFile, { kind: "damaged" }>,
): UserError {
  return new UserError(`the state of ${stack} is damaged: ${file}`, {
    why,
    fix: `Put a backup of the file in its place, or move it away: mv ${shellQuoted(file)} ${shellQuoted(`${file}.damaged`)}`,
  });
}
