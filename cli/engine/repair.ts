import { UserError } from "../../staging/errors.ts";
import type { EngineSettings } from "./process.ts";
import { readState } from "./state.ts";
import { restoreBackup, type StateFile, setAside } from "./state-file.ts";

/**
 * What became of a state that could not be read. `restored`: it is again what the engine's own backup says, in which the last
 * step may be missing. `lost`: there is no backup; the file was set aside, and the stack is gone for the engine.
 */
export type Repair = "whole" | "restored" | "lost";

/**
 * Makes a stack whose checkpoint was cut or damaged one that the engine can read, or none.
 * @param onNote told of the file, and of what is in its place
 */
export async function repairState(
  settings: EngineSettings,
  stack: string,
  onNote: (message: string, severity: "warning") => void = () => {},
): Promise<Repair> {
  const { damaged } = await readState(settings, stack);
  if (damaged === undefined) return "whole";
  const { file, why } = damaged;
  const backup = await restoreBackup(file, stack);
  if (backup !== undefined) {
    onNote(
      `The state file ${file} is damaged. ${why} The engine's backup ${backup} was put in its place.`,
      "warning",
    );
    return "restored";
  }
  const aside = await setAside(file);
  onNote(
    `The state file ${file} is damaged, and there is no backup. ${why} It was moved to ${aside}.`,
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
    fix: `Put a backup of the file in its place, or move it away: mv ${file} ${file}.damaged`,
  });
}
