import { InputError } from "../errors.ts";
import type { MicroDollars } from "../money.ts";
import type { Region } from "../regions.ts";
import { formatInteger } from "../units.ts";
import { apportion } from "./apportion.ts";
import type { Distribution } from "./keys.ts";
import type { RegionCount } from "./region-keys.ts";

/** The indices `start` to `end` - 1 run in `region`. */
export interface RegionRange {
  readonly region: Region;
  readonly start: number;
  readonly end: number;
}

interface DistributionInput {
  readonly count: number;
  readonly distribution: Distribution;
  /** In the order of the file, which breaks ties. For `proportional` the counts are weights, for `cheapest` upper limits. */
  readonly regions: readonly RegionCount[];
  /** For `cheapest`: a worker's cost per hour. */
  readonly priceOf?: (region: Region) => MicroDollars;
}

/**
 * Distributes the indices of a sweep over its regions. Each region gets one contiguous range, in the order of `regions`, so that an index is
 * found from a region's ticket by an addition. Regions without indices are left out. The same input gives the same ranges.
 *
 * - `even`: the regions' numbers differ by one at most; earlier regions get more.
 * - `proportional`: by the counts. Where they do not sum to `count`: the method of the largest remainder.
 * - `cheapest`: the cheapest region takes as many as its limit allows, then the next one.
 * @throws InputError when the limits of `cheapest` do not allow `count` indices
 */
export function distribute(input: DistributionInput): readonly RegionRange[] {
  const { count, regions } = input;
  if (regions.length === 0) throw new RangeError("a sweep needs a region");
  const shares = sharesOf(input);
  let start = 0;
  const ranges = regions.map(({ region }, place): RegionRange => {
    const range = { region, start, end: start + (shares[place] ?? 0) };
    start = range.end;
    return range;
  });
  if (start !== count) throw new RangeError(`${start} of ${count} indices are distributed`);
  return ranges.filter((range) => range.end > range.start);
}

function sharesOf({ count, distribution, regions, priceOf }: DistributionInput): readonly number[] {
  switch (distribution) {
    case "even":
      return apportion(
        count,
        regions.map(() => 1),
      );
    case "proportional":
      return apportion(
        count,
        regions.map((region) => {
          if (region.count === undefined) throw new RangeError("proportional needs a count for each region");
          return region.count;
        }),
      );
    case "cheapest":
      if (priceOf === undefined) throw new RangeError("cheapest needs prices");
      return cheapestShares(count, regions, priceOf);
  }
}

function cheapestShares(
  count: number,
  regions: readonly RegionCount[],
  priceOf: (region: Region) => MicroDollars,
): readonly number[] {
  const shares = new Map<Region, number>();
  let rest = count;
  // The sort is stable: for equal prices, the first region in the file comes first.
  for (const { region, count: limit = count } of regions.toSorted(
    (a, b) => priceOf(a.region) - priceOf(b.region),
  )) {
    const share = Math.min(rest, limit);
    shares.set(region, share);
    rest -= share;
  }
  if (rest > 0) {
    throw new InputError(
      `the regions' limits allow ${formatInteger(count - rest)} of ${formatInteger(count)} indices`,
      {
        why: "With distribution: cheapest, the count of a region is its upper limit.",
        fix: "Raise the counts of regions, or leave them out.",
      },
    );
  }
  return regions.map(({ region }) => shares.get(region) ?? 0);
}
