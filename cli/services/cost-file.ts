import { rename, rm, writeFile } from "node:fs/promises";
import { messageOf, UserError } from "../../staging/errors.ts";

/** Writes a report whole or not at all. @throws UserError when the file cannot be written */
export async function writeReportFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, text, { flag: "wx" });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new UserError(`${path} could not be written`, {
      why: messageOf(error),
      fix: "Name a file in a folder that exists and that you may write to: --output FILE",
      cause: error,
    });
  }
}
