/**
 * The candidate that a typed word probably means: the only one that begins with it, or one in which at most a third
 * of the letters differ.
 */
export function nearest(typed: string, candidates: Iterable<string>): string | undefined {
  const names = [...candidates];
  const completed = typed.length > 1 ? names.filter((name) => name.startsWith(typed)) : [];
  if (completed.length === 1) return completed[0];
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of names) {
    const changes = editDistance(typed, candidate);
    if (changes < least) [best, least] = [candidate, changes];
  }
  if (best === undefined) return undefined;
  return least <= Math.max(1, Math.floor(Math.max(typed.length, best.length) / 3)) ? best : undefined;
}

/** The number of insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    [beforeLast, last] = [last, current];
  }
  return last[b.length] ?? 0;
}
