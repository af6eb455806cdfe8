/** Called with an error for each thing that is left out. */
export type OnProblem<E extends Error> = (error: E) => void;

/**
 * Works on all items at once, and reports their problems in the order of the items, not in the order in which answers arrive. So a command
 * prints the same warnings each time.
 * @param work gets a callback of its own for each item
 * @returns the results in the order of the items
 * @throws what `work` throws, once all work has ended and all problems are reported
 */
export async function withOrderedProblems<T, R, E extends Error>(
  items: Iterable<T>,
  onProblem: OnProblem<E>,
  work: (item: T, onProblem: OnProblem<E>) => Promise<R>,
): Promise<R[]> {
  const problems: E[][] = [];
  const results = await Promise.allSettled(
    Array.from(items, (item) => {
      const own: E[] = [];
      problems.push(own);
      return work(item, (error) => own.push(error));
    }),
  );
  for (const error of problems.flat()) onProblem(error);
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}
