/** Runs a read-only task until the user interrupts it. */
export async function interruptible<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const stop = () => abort.abort();
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.once(signal, stop);
  try {
    return await run(abort.signal);
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}
