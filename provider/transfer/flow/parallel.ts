/**
 * Works on the items, at most `limit` at a time (a function is asked whenever an item could be taken). The first failure, or an abort, stops the rest: no item is taken any
 * more, the workers' signal is aborted, and all of them have ended when this throws.
 *
 * @param items is asked for one item at a time, when a worker is free for it: whoever makes the items is slowed to the
 * workers' pace
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
  const most = typeof limit === "number" ? () => limit : limit;
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
      while (running.size >= most()) await new Promise<void>((resolve) => (freed = resolve));
      if (either.aborted) break;
    }
  } catch (error) {
    fail(error);
  }
  await Promise.all(running);
  // What made everything else fail is the abort itself.
  signal.throwIfAborted();
  if (failure !== undefined) throw failure.error;
}
