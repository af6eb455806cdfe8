/** How the work on one item ended. */
export type Outcome<T> =
  | { readonly item: T; readonly state: "done" }
  /** It went wrong; the others were worked on all the same. */
  | { readonly item: T; readonly state: "failed"; readonly error: unknown }
  /** It was not begun, or was cut off, because of an interruption. */
  | { readonly item: T; readonly state: "left" };

export interface SideBySideOptions {
  /** How many items are worked on at a time. */
  readonly limit: number;
  /** Once it is aborted no item is begun any more. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Works on all items, a bounded number side by side. One that fails stops no other.
 * @returns the outcomes in the order of the items, once all work has ended
 */
export async function sideBySide<T>(
  items: readonly T[],
  { limit, signal }: SideBySideOptions,
  work: (item: T) => Promise<void>,
): Promise<Outcome<T>[]> {
  const outcomes = items.map((item): Outcome<T> => ({ item, state: "left" }));
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    // The workers share one iterator, so each item is taken once.
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
