import { UserError } from "../../staging/errors.ts";
import { shellPath } from "../../staging/shell.ts";
import type { EngineSettings } from "./process.ts";
import { readState } from "./state.ts";
import {
  moveAside,
  readStateFile,
  removeDamagedAttributes,
  restoreBackup,
  type StateFile,
} from "./state-file.ts";

/**
 * The result for a state that could not be read. `restored`: the engine's own backup replaced it; the last step may be missing.
 * `lost`: there is no backup; the file was moved aside, and the engine no longer knows the stack.
 */
type Repair = "whole" | "restored" | "lost";

interface RepairOptions {
  /**
   * The action for an unreadable file without a backup. `set aside`: move it, for commands that work without the stack.
   * `refuse`: end the command.
   */
  readonly whenLost: "set aside" | "refuse";
  /** Called with the name of the damaged file, and what replaced it. */
  readonly onNote?: ((message: string, severity: "info" | "warning") => void) | undefined;
}

/**
 * Restores a truncated or damaged checkpoint from its backup, or moves it aside.
 * @throws UserError that names the file, if there is no backup and `whenLost` is `refuse`
 */
export async function repairState(
  settings: EngineSettings,
  stack: string,
  { whenLost, onNote }: RepairOptions,
): Promise<Repair> {
  const state = await readStateFile(settings, stack);
  if (state === undefined) {
    await readState(settings, stack); // another backend: only the engine can check it
    return "whole";
  }
  if (state.kind === "absent") return "whole";
  const { file } = state;
  await removeDamagedAttributes(file);
  if (state.kind === "whole") return "whole";
  const { why } = state;
  const backup = await restoreBackup(file, stack);
  if (backup !== undefined) {
    onNote?.(
      `The state file ${file} is damaged. ${why} The engine's backup ${backup} was put in its place.`,
      "warning",
    );
    return "restored";
  }
  if (whenLost === "refuse") throw damagedStateError(stack, state);
  const aside = await moveAside(file);
  onNote?.(
    `The state file ${file} is damaged, without a backup. ${why} It was moved to ${aside}.`,
    "warning",
  );
  return "lost";
}

/** The error of a command that needs the state. */
export function damagedStateError(
  stack: string,
  { file, why }: Extract<StateFile, { kind: "damaged" }>,
): UserError {
  return new UserError(`the state of ${stack} is damaged: ${file}`, {
    why,
    fix: `Put a backup of the file in its place, or move it away: mv ${shellPath(file)} ${shellPath(`${file}.damaged`)}`,
  });
}
