import { join } from "node:path";
import { withLock } from "../../../local/lock.ts";
import { spawnPaths } from "../../../local/paths.ts";
import { backendFolder } from "../../engine/backend.ts";
import { openSession, type SessionSource } from "../../engine/session.ts";
import type { UpdateOptions } from "../../engine/update.ts";

/**
 * Runs `work` while no other command moves entries into or out of the environment's stack. Each edits the settings file, and `pulumi
 * state move` reads both states before it locks them, so the slower one would undo the other. `work` must read file and states itself.
 * A `file://` backend holds the lock for all its machines; for another backend, it is a lock of this machine.
 */
export async function withMoveLock<T>(
  source: SessionSource,
  { onNote, signal }: UpdateOptions,
  work: () => Promise<T>,
): Promise<T> {
  const { environmentProject, settings } = await openSession(source);
  const folder = backendFolder(environmentProject.env["PULUMI_BACKEND_URL"]) ?? spawnPaths().data;
  const onWait = () =>
    onNote?.(`Waiting for another command that moves an entry of environment ${settings.name}…`, "info");
  return await withLock(join(folder, ".spawn", "moving", settings.name), { onWait, signal }, work);
}
