import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * Runs `bring`, which creates the given folder, and renames it to `target` after success, so an interruption leaves
 * nothing half done. Only under a lock, because it removes what killed commands have left.
 */
export async function installInto(target: string, bring: (folder: string) => Promise<void>): Promise<void> {
  const folder = dirname(target);
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    if (name.startsWith(`${basename(target)}.tmp-`))
      await rm(join(folder, name), { recursive: true, force: true });
  }
  const temporary = `${target}.tmp-${process.pid}`;
  try {
    await bring(temporary);
    await rm(target, { recursive: true, force: true }); // a broken one
    await rename(temporary, target);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
