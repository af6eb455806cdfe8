import { realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { messageOf, UserError } from "../../staging/errors.ts";

/**
 * Writes a report whole or not at all. What is no regular file, such as a pipe or `/dev/stdout`, is written into and stays what it
 * is; a link stays a link.
 * @throws UserError when the file cannot be written
 */
export async function writeReportFile(path: string, text: string): Promise<void> {
  try {
    const there = await ifThere(stat(path));
    if (there !== undefined && !there.isFile()) return await writeFile(path, text);
    await replace((await ifThere(realpath(path))) ?? path, text);
  } catch (error) {
    throw new UserError(`${path} could not be written`, {
      why: messageOf(error),
      fix: "Name a file in a folder that exists, that you may write to, and that has room: --output FILE",
      cause: error,
    });
  }
}

async function replace(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, text, { flag: "wx", flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function ifThere<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
