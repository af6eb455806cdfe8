import { statSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { dirname, join } from "node:path";
import { spawnPaths } from "./paths.ts";

/**
 * Reuses the compiled code of earlier runs for modules that are loaded after this call. Node trusts the files in its cache, and its default
 * folder is in `/tmp`, where another user could write them first. So this program uses the folder of `bin/spawn`, and only if it is private.
 * Never throws: without a home or a readable folder, there is no cache.
 */
export function reuseCompiledCode(env: NodeJS.ProcessEnv = process.env): void {
  try {
    const folder = join(spawnPaths(env).cache, "node-compile-cache");
    if (isPrivate(dirname(folder), 0o022) && isPrivate(folder, 0o002)) enableCompileCache(folder);
  } catch {
    // The program starts a little slower.
  }
}

/** Whether no other user can write there. @param writable bits of the mode that would allow it. A missing folder is private. */
function isPrivate(folder: string, writable: number): boolean {
  const user = process.getuid?.();
  const status = statSync(folder, { throwIfNoEntry: false });
  if (user === undefined || status === undefined) return true;
  return [user, 0].includes(status.uid) && (status.mode & writable) === 0;
}
