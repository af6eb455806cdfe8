import { constants } from "node:fs";
import { InputError, messageOf } from "../../../staging/errors.ts";
import type { Words } from "../../../staging/option.ts";
import { shellPath } from "../../../staging/shell.ts";
import type { Replaced, SystemError } from "./folder-thread-program.ts";
import { SourceChangedError, shown } from "./source.ts";

/** An error that a thread has reported. */
export const systemError = ({ code, message }: SystemError): Error =>
  Object.assign(new Error(message), { code });

/** The error for a file or folder that a thread could not open. */
export const failedAt = (path: string, problem: SystemError | Replaced): Error =>
  problem === "replaced" ? new SourceChangedError(path, "replaced") : refusal(path, systemError(problem));

const codeOf = (error: unknown): string | undefined => (error as { readonly code?: string }).code;

/** Whether the system refused to follow a link, or a step of the path is not a folder. */
export const isReplacement = (error: unknown): boolean =>
  ["ELOOP", "EMLINK", "ENOTDIR"].includes(codeOf(error) ?? "");

/** Whether a file, or a folder of its path, does not exist. */
export const isGone = (error: unknown): boolean => codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR";

/** The same error without the path in its text: the path may be that of a descriptor. */
export const withoutPath = (error: unknown): Error =>
  Object.assign(new Error(messageOf(error).split(",")[0]), { code: codeOf(error) });

/** The fix of an entry that cannot be staged. */
export const leaveOut: Words = (spell) => `Leave it out with ${spell("exclude")}.`;

/** Throws the error for the user after a system error about a source. */
export function refuse(path: string, error: unknown): never {
  throw refusal(path, error);
}

function refusal(path: string, error: unknown): InputError {
  const code = codeOf(error);
  if (isGone(error)) return new InputError(`no such file: ${shown(path)}`);
  if (code === "EACCES" || code === "EPERM") {
    return new InputError(`${shown(path)} cannot be read`, {
      why: "You lack the permission.",
      fix: `chmod u+r ${shellPath(path)}`,
    });
  }
  if (code === "ENXIO") return notRegular(path);
  return new InputError(`${shown(path)} cannot be read`, {
    why: messageOf(error),
    ...(code !== undefined && OF_THE_DISK.has(code)
      ? { fix: "Check the disk or the network file system of the file, then run the command again." }
      : {}),
  });
}

/** Failures of a disk, or of the server of a network file system. */
const OF_THE_DISK: ReadonlySet<string> = new Set(["EIO", "EHOSTDOWN", "ENODEV", "ESTALE", "ETIMEDOUT"]);

/** The error for a file with content longer or shorter than its size: the end of its upload would be unknown. */
export function sizeMismatch(path: string): InputError {
  const file = shellPath(path);
  return new InputError(`${shown(path)} does not hold as many bytes as its size says`, {
    why: "The system makes its content while it is read, as in /proc and /sys, or its file system does not know its size.",
    fix: `Stage a copy of its content: cat ${file} > copy`,
  });
}

export function notRegular(path: string): InputError {
  return new InputError(`${shown(path)} is not a regular file`, {
    why: "A pipe, device or socket has no size and cannot be read twice.",
    fix: "Write its content to a file, then stage that.",
  });
}

/** Names for errors, by the type bits of a mode. */
const KINDS: ReadonlyMap<number, string> = new Map([
  [constants.S_IFIFO, "a pipe"],
  [constants.S_IFSOCK, "a socket"],
  [constants.S_IFBLK, "a device"],
  [constants.S_IFCHR, "a device"],
]);
const STAGED: readonly number[] = [constants.S_IFREG, constants.S_IFDIR, constants.S_IFLNK];

/** @throws InputError unless it is a file, a folder or a link */
export function refuseFormat(location: () => string, format: number): void {
  if (STAGED.includes(format)) return;
  const kind = KINDS.get(format) ?? "neither a file nor a directory";
  throw new InputError(`${shown(location())} is ${kind}`, {
    why: "It has no content that could be staged.",
    fix: (spell) => `Remove it, or leave it out with ${spell("exclude")}.`,
  });
}
