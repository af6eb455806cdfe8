import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * Runs `bring`, which puts `bin/pulumi` into the folder it is given, and moves that folder to `target` when it is whole:
 * an interruption leaves nothing half there.
 * @returns undefined when it worked, else why it did not
 * @throws the signal's reason when it was aborted
 */
export async function installInto(
  target: string,
  bring: (folder: string) => Promise<void>,
  signal?: AbortSignal,
): Promise<unknown> {
  const temporary = `${target}.tmp-${process.pid}`;
  try {
    await mkdir(join(temporary, "bin"), { recursive: true });
    await bring(temporary);
    await rm(target, { recursive: true, force: true }); // one that does not run
    await rename(temporary, target);
    return undefined;
  } catch (error) {
    signal?.throwIfAborted();
    return error;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Removes what a killed command left. Only under the lock: nobody else is at it. */
export async function removeLeftovers(target: string): Promise<void> {
  const folder = dirname(target);
  for (const name of await readdir(folder)) {
    if (name.startsWith(`${basename(target)}.tmp-`)) {
      await rm(join(folder, name), { recursive: true, force: true });
    }
  }
}
