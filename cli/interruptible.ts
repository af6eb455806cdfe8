import { handleSignals } from "./signals.ts";

/** Runs a read-only task until the user interrupts it. */
export async function interruptible<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const release = handleSignals(["SIGINT", "SIGTERM"], () => {
    release();
    abort.abort();
  });
  try {
    return await run(abort.signal);
  } finally {
    release();
  }
}
