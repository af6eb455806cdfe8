/** The end of the work on one item. */
export type Outcome<T> =
  | { readonly item: T; readonly state: "done" }
  | { readonly item: T; readonly state: "failed"; readonly error: unknown }
  /** An interruption came before its start or its end. */
  | { readonly item: T; readonly state: "left" };

interface ConcurrencyOptions {
  /** The maximum number of concurrent items. */
  readonly limit: number;
  /** No item starts after its abort. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Processes all items with limited concurrency. A failed item does not stop the others.
 * @returns the outcomes in the order of the items, after all work has ended
 */
export async function forEachConcurrently<T>(
  items: readonly T[],
  { limit, signal }: ConcurrencyOptions,
  work: (item: T) => Promise<void>,
): Promise<Outcome<T>[]> {
  const outcomes = items.map((item): Outcome<T> => ({ item, state: "left" }));
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    // All workers share one iterator, so each item is processed once.
    for (const [at, item] of queue) {
      if (signal?.aborted) return;
      try {
        await work(item);
        outcomes[at] = { item, state: "done" };
      } catch (error) {
        if (!signal?.aborted) outcomes[at] = { item, state: "failed", error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return outcomes;
}
