import { InputError } from "../errors.ts";
import { apportion } from "./apportion.ts";
import type { RegionRange } from "./distribution.ts";

/**
 * Workers of each region: `total` in proportion to its indices. A region has at least one worker, or its indices
 * would not run, and at most one per index.
 * @param total at most the number of indices
 * @throws InputError for fewer workers than regions
 */
export function workersOf(total: number, ranges: readonly RegionRange[]): readonly number[] {
  if (total < ranges.length) {
    throw new InputError(`max_concurrent: ${total} is too small for ${ranges.length} regions`, {
      why: "Each region that has indices needs a worker.",
      fix: `Write max_concurrent: ${ranges.length} or more, or name fewer regions.`,
    });
  }
  const more = ranges.map(({ start, end }) => end - start - 1);
  const rest = total - ranges.length;
  return rest === 0 ? ranges.map(() => 1) : apportion(rest, more).map((workers) => workers + 1);
}
