import { dirname } from "node:path";
import { UserError } from "../../staging/errors.ts";
import { shellQuoted } from "../../staging/shell.ts";

/** A failed write in the engine's output: the call, the path, and the system's reason. */
const FULL =
  /\b(?:write|open|create|rename|mkdir|sync|close) (?<path>\/[^\n]*?): (?<reason>no space left on device|disk quota exceeded|read-only file system|input\/output error)/;

/**
 * The error of an engine that could not write its state; undefined for other errors.
 * @param text the engine's whole output
 */
export function explainFullDisk(text: string): UserError | undefined {
  const { path, reason } = FULL.exec(text)?.groups ?? {};
  if (path === undefined || reason === undefined) return undefined;
  const folder = shellQuoted(stateFolder(path));
  const isFull = /space|quota/.test(reason);
  return new UserError(
    isFull ? `no space is left for the state in ${folder}` : `the state in ${folder} cannot be written`,
    {
      why: `The engine failed to write: ${reason}. The next command recovers the unwritten state.`,
      fix: isFull
        ? `Free some space, then run the command again. To see the usage: df -h ${folder}`
        : `Make the folder writable, then run the command again. To see its file system: df -h ${folder}`,
    },
  );
}

/** The backend's folder, which the user knows, instead of a folder inside it. */
function stateFolder(path: string): string {
  const at = path.indexOf("/.pulumi/");
  return at < 0 ? dirname(path) : path.slice(0, at) || "/";
}
