import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import lockfile from "proper-lockfile";

/** Milliseconds without a touch after which a lock belongs to a killed process. */
const STALE_AFTER = 5_000;
const POLL_EVERY = 100;

interface LockOptions {
  /** Called once, if another process holds the lock. */
  readonly onWait?: (() => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs `work` under a lock that one process can hold, and waits for it without a limit. A lock of a killed process is
 * taken over after {@link STALE_AFTER}.
 * @throws the signal's reason if it is aborted while waiting
 */
export async function withLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const release = await acquire(path, options);
  try {
    return await work();
  } finally {
    // Fails only if another process took over the lock, which then must not be released.
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
        // A machine that slept may find its lock taken over. All work under a lock ends in an atomic rename or is
        // checked by its result, so continuing is harmless; the default would crash.
        onCompromised: () => undefined,
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ELOCKED") throw error;
      if (!waiting) onWait?.();
      await sleep(POLL_EVERY);
    }
  }
}
