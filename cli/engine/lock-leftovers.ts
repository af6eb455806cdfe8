import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { namesIn } from "../../files/read.ts";
import { hasCode } from "./state-file.ts";

/** Age in milliseconds from which an incomplete lock file is a leftover. Writing one takes less than 1 ms. */
const MAX_WRITE_MS = 2_000;
const POLL_INTERVAL_MS = 100;

/**
 * Removes incomplete lock files, which a crash or a full disk leaves in a stack's lock folder. They lock nothing, but the engine
 * reads every file there and fails.
 */
export async function removeLockLeftovers(folder: string): Promise<void> {
  const files = (await namesIn(folder))
    .filter((name) => !name.endsWith(".attrs"))
    .map((name) => join(folder, name));
  await Promise.all(files.map(removeLeftover));
}

/** Waits first if the file is new, because an engine may still be writing it. */
async function removeLeftover(file: string): Promise<void> {
  try {
    for (;;) {
      if (isJson(await readFile(file, "utf8"))) return;
      const age = Date.now() - (await stat(file)).mtimeMs;
      // A negative age means that the clock was set back: do not wait for it.
      if (age > MAX_WRITE_MS || age < -MAX_WRITE_MS) break;
      await sleep(POLL_INTERVAL_MS);
    }
    await rm(file, { force: true });
    await rm(`${file}.attrs`, { force: true });
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error; // ENOENT: an engine released or renamed the file
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
