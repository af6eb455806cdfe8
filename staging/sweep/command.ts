import { InputError } from "../errors.ts";
import { KIB } from "../units.ts";

/** The command is an attribute of the sweep's item, which has at most 400 KB. */
const MAX_COMMAND_BYTES = 64 * KIB;

/** @throws InputError if `text` cannot be the command of a sweep */
export function parseCommand(text: string): string {
  if (text.trim() === "") throw new InputError("expected a shell script, got nothing");
  if (text.includes("\0")) throw new InputError("a command cannot have the character NUL");
  if (Buffer.byteLength(text) <= MAX_COMMAND_BYTES) return text;
  throw new InputError("the command is longer than 64 KB", {
    fix: "Stage the script as data, and run it from base_command.",
  });
}
