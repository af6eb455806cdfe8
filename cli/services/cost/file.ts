import { replaceFile, writeIntoSpecial } from "../../../files/replace.ts";
import { messageOf, UserError } from "../../../staging/errors.ts";
import { writeData } from "../../output.ts";

/** Names of this process's own stdout. It may be a socket, which no path opens. */
const STDOUT: ReadonlySet<string> = new Set(["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]);

/**
 * Writes a report whole or not at all. What is no regular file, such as a pipe or `/dev/stdout`, is written into and stays what it
 * is; a link stays a link.
 * @throws UserError when the file cannot be written
 */
export async function writeReportFile(path: string, text: string): Promise<void> {
  if (STDOUT.has(path)) return await writeData(text);
  try {
    if (!(await writeIntoSpecial(path, text))) await replaceFile(path, text);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path} could not be written`, {
      why: messageOf(error),
      fix: "Name a file in a folder that exists, that you may write to, and that has room: --output FILE",
      cause: error,
    });
  }
}
