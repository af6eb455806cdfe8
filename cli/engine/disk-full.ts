import { dirname } from "node:path";
import { UserError } from "../../staging/errors.ts";
import { shellQuoted } from "../../staging/shell.ts";

/** What the system says of a disk that takes no more, in the engine's words: the call, the path, the reason. */
const FULL =
  /\b(?:write|open|create|rename|mkdir|sync|close) (?<path>\/[^\n]*?): (?<reason>no space left on device|disk quota exceeded|read-only file system|input\/output error)/;

/**
 * The error of an engine that could not write its state; undefined where that is not what it says.
 * @param text all that the engine has said
 */
export function explainFullDisk(text: string): UserError | undefined {
  const { path, reason } = FULL.exec(text)?.groups ?? {};
  if (path === undefined || reason === undefined) return undefined;
  const folder = shellQuoted(stateFolder(path));
  const isFull = /space|quota/.test(reason);
  return new UserError(
    isFull ? `there is no space left for the state in ${folder}` : `the state in ${folder} cannot be written`,
    {
      why: `The engine cannot write there: ${reason}. The next command recovers the state that it did not write.`,
      fix: isFull
        ? `Make room, then run the command again. To see how full it is: df -h ${folder}`
        : `Make it writable, then run the command again. To see where it is: df -h ${folder}`,
    },
  );
}

/** The folder that the user knows: the one of the backend, not one deep in it. */
function stateFolder(path: string): string {
  const at = path.indexOf("/.pulumi/");
  return at < 0 ? dirname(path) : path.slice(0, at) || "/";
}
