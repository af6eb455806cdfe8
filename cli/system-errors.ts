import { dirname } from "node:path";
import { UserError } from "../staging/errors.ts";
import { shellPath } from "../staging/shell.ts";

/** Node's error of a system call. */
type SystemError = Error & { readonly code: string; readonly syscall: string; readonly path?: string };

const FULL: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT"]);
const REFUSED: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS"]);
const TOO_MANY_OPEN: ReadonlySet<string> = new Set(["EMFILE", "ENFILE"]);

/**
 * Converts an error of the disk, permissions or limits to a UserError with a fix; undefined for other errors.
 * @param folder where the work writes, for an error of an open file, which names no path
 */
export function explainSystemError(error: unknown, folder?: string): UserError | undefined {
  const cause = systemErrorIn(error);
  if (cause === undefined) return undefined;
  const { code, path, message: why } = cause;
  const at = path === undefined ? folder : dirname(path);
  const place = at === undefined ? undefined : shellPath(at);
  if (FULL.has(code)) {
    return new UserError(`no space is left${place === undefined ? "" : ` in ${place}`}`, {
      why,
      fix: `Free some space, then run the command again. To see the usage: df -h ${place ?? "."}`,
      cause,
    });
  }
  if (TOO_MANY_OPEN.has(code)) {
    return new UserError("too many files are open", {
      why,
      fix: "ulimit -n 4096, then run the command again",
      cause,
    });
  }
  if (code === "EIO") return new UserError("a disk reported an error", { why, cause });
  if (!REFUSED.has(code) || path === undefined) return undefined;
  return new UserError(`${path} cannot be accessed`, {
    why,
    fix: `Give your user access to the path, then run the command again. To see the folder's owner and permissions: ls -ld ${place}`,
    cause,
  });
}

function systemErrorIn(error: unknown, depth = 0): SystemError | undefined {
  if (!(error instanceof Error) || depth > 5) return undefined;
  if ("code" in error && "syscall" in error) return error as SystemError;
  return systemErrorIn(error.cause, depth + 1);
}
