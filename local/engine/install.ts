import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * Runs `bring`, which writes `bin/pulumi` into the given folder, and renames that folder to `target` after success,
 * so an interruption leaves nothing half done.
 * @returns undefined after success, otherwise the reason
 * @throws the signal's reason if it was aborted
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
    await rm(target, { recursive: true, force: true }); // a broken one
    await rename(temporary, target);
    return undefined;
  } catch (error) {
    signal?.throwIfAborted();
    return error;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Removes files of a killed command. Only under the lock, so no other process uses them. */
export async function removeLeftovers(target: string): Promise<void> {
  const folder = dirname(target);
  for (const name of await readdir(folder)) {
    if (name.startsWith(`${basename(target)}.tmp-`)) {
      await rm(join(folder, name), { recursive: true, force: true });
    }
  }
}
