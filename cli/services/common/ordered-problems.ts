/** Called with the error of each item that is left out. */
type OnProblem<E extends Error> = (error: E) => void;

/**
 * Processes all items concurrently, and reports their problems in the order of the items instead of the responses. So a command prints
 * the same warnings each time.
 * @param work gets its own callback for each item
 * @returns the results in the order of the items
 * @throws the first error of `work`, after all work has ended and all problems are reported
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
