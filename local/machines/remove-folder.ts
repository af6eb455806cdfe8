import { rm } from "node:fs/promises";
import { runCommand } from "../command.ts";

/** Deletes a machine's folder, including subfolders whose modes exclude its own user. */
export async function removeFolder(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EACCES") throw error;
    await runCommand("chmod", ["-R", "u+rwX", "--", folder]);
    await rm(folder, { recursive: true, force: true });
  }
}
