import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { hasCode } from "./state-file.ts";

/** Milliseconds after which an incomplete lock file belongs to no running engine: writing one takes less than 1 ms. */
const WRITTEN_WITHIN = 2_000;
const POLL_EVERY = 100;

/**
 * Removes what a crash or a full disk has left of locks in a stack's folder of them: files that hold no JSON, temporary ones
 * included. They lock nothing, and the engine, which reads every file there, fails at each of them.
 */
export async function removeLockLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  });
  const files = names.filter((name) => !name.endsWith(".attrs")).map((name) => join(folder, name));
  await Promise.all(files.map(removeLeftover));
}

/** An engine may be writing the file right now. */
async function removeLeftover(file: string): Promise<void> {
  try {
    for (;;) {
      if (isJson(await readFile(file, "utf8"))) return;
      const age = Date.now() - (await stat(file)).mtimeMs;
      // A clock that was set back must not make this wait.
      if (age > WRITTEN_WITHIN || age < -WRITTEN_WITHIN) break;
      await sleep(POLL_EVERY);
    }
    await rm(file, { force: true });
    await rm(`${file}.attrs`, { force: true });
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error; // else it was released, or renamed, meanwhile
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
