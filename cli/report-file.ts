import { replaceFile, writeIntoSpecial } from "../files/replace.ts";
import { messageOf, UserError } from "../staging/errors.ts";
import { writeData } from "./output.ts";

/** Paths of this process's own stdout. It can be a socket, which cannot be opened by its path. */
const STDOUT: ReadonlySet<string> = new Set(["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]);

/**
 * Replaces a file with a report, atomically. Writes into a pipe or another special file, and follows links.
 * @throws UserError if the file cannot be written
 */
export async function writeReportFile(path: string, text: string): Promise<void> {
  if (STDOUT.has(path)) return await writeData(text);
  try {
    if (!(await writeIntoSpecial(path, text))) await replaceFile(path, text);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path} could not be written`, {
      why: messageOf(error),
      fix: "Name a file in an existing, writable folder with free space: --output FILE",
      cause: error,
    });
  }
}
