/**
 * Works on items with at most `limit` concurrent calls. The first failure, or an abort, stops the iteration and aborts the signal of the
 * running calls. It throws after all of them have ended.
 * @param items is advanced only when a call can start, which slows a fast producer down
 * @param limit a function is evaluated after each item
 */
export async function forEachParallel<T>(
  items: (signal: AbortSignal) => Iterable<T> | AsyncIterable<T>,
  limit: number | (() => number),
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown): void => {
    failure ??= { error };
    stop.abort(error);
  };
  const running = new Set<Promise<void>>();
  let freed = (): void => {};
  const limitNow = typeof limit === "number" ? () => limit : limit;
  try {
    signal.throwIfAborted();
    for await (const item of items(either)) {
      const task: Promise<void> = work(item, either)
        .catch(fail)
        .finally(() => {
          running.delete(task);
          freed();
        });
      running.add(task);
      while (running.size >= limitNow()) await new Promise<void>((resolve) => (freed = resolve));
      if (either.aborted) break;
    }
  } catch (error) {
    fail(error);
  }
  await Promise.all(running);
  // After an abort, other failures are its consequence.
  signal.throwIfAborted();
  if (failure !== undefined) throw failure.error;
}
