import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import lockfile from "proper-lockfile";

/** A lock whose holder did not touch it for so long was left by a process that was killed. Milliseconds. */
const STALE_AFTER = 5_000;
const POLL_EVERY = 100;

export interface LockOptions {
  /** Called once, when another process holds the lock. */
  readonly onWait?: (() => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs `work` while no other process runs under the same lock, waiting for it as long as it takes.
 * A lock left by a killed process is taken over after {@link STALE_AFTER}.
 * @throws the signal's reason when it is aborted while waiting
 */
export async function withLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const release = await acquire(path, options);
  try {
    return await work();
  } finally {
    // Fails only where the lock was taken over meanwhile, and then it is not ours to release.
    await release().catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ERELEASED" && error.code !== "ECOMPROMISED" && error.code !== "ENOTACQUIRED")
        throw error;
    });
  }
}

async function acquire(path: string, { onWait, signal }: LockOptions): Promise<() => Promise<void>> {
  for (let waiting = false; ; waiting = true) {
    signal?.throwIfAborted();
    try {
      return await lockfile.lock(path, {
        realpath: false,
        lockfilePath: path,
        stale: STALE_AFTER,
        update: STALE_AFTER / 5,
        // A machine that slept may come back to a lock that was taken over. Whatever is done under a lock ends in
        // an atomic rename or is checked by what it started, so going on is harmless; the default would crash.
        onCompromised: () => undefined,
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ELOCKED") throw error;
      if (!waiting) onWait?.();
      await sleep(POLL_EVERY);
    }
  }
}
