import { durationText, parseDuration } from "../duration.ts";
import { formatInteger } from "../units.ts";
import type { Place } from "../yaml/bounded.ts";
import { combinationsOf } from "./grid.ts";
import { architectureOf } from "./instance-types.ts";
import { DEFAULT_DEADLINE, EXCLUSIVE, REQUIRED, type SweepKey, type SweepValues } from "./keys.ts";
import type { Problem } from "./problems.ts";
import type { RegionCount } from "./region-keys.ts";

type Places = ReadonlyMap<SweepKey, Place>;

/** Problems of keys that are valid separately. */
export function crossProblems(values: SweepValues, places: Places): Problem[] {
  const problems: Problem[] = [];
  const add = (key: SweepKey, message: string, fix?: string): void => {
    problems.push({ place: places.get(key), message, ...(fix === undefined ? {} : { fix }) });
  };
  for (const key of REQUIRED) if (!places.has(key)) add(key, `the key ${key} is missing`);
  for (const [first, second] of EXCLUSIVE) {
    if (places.has(first) && places.has(second))
      add(second, `${first} and ${second} exclude each other`, `Keep one of them.`);
  }
  distributionProblems(values, add);
  const {
    timeout,
    deadline = parseDuration(DEFAULT_DEADLINE),
    instance_types: types = [],
    subnets,
    regions,
  } = values;
  if (timeout !== undefined && timeout > deadline) {
    add(
      "timeout",
      `timeout: ${durationText(timeout)} is longer than the deadline of ${durationText(deadline)}`,
    );
  }
  const architectures = new Set(types.map(architectureOf));
  if (architectures.size > 1) {
    const [arm] = types.filter((type) => architectureOf(type) === "arm64");
    add(
      "instance_types",
      `instance_types: ${arm} has ARM processors and others have not; one image must fit all of them`,
    );
  }
  for (const [region] of subnets ?? []) {
    if (regions !== undefined && !regions.some((one) => one.region === region)) {
      add("subnets", `subnets: ${region} is not in regions`);
    }
  }
  if (values.grid !== undefined)
    problems.push(...rowCountProblems(values, places, combinationsOf(values.grid), "grid"));
  return problems;
}

type Add = (key: SweepKey, message: string, fix?: string) => void;

function distributionProblems({ regions, distribution, count }: SweepValues, add: Add): void {
  const total = countsOf(regions);
  if (distribution === "proportional" && regions !== undefined && total === undefined) {
    add(
      "distribution",
      "distribution: proportional needs a count for each region",
      "Write - us-east-1: 25, or distribution: even",
    );
  }
  if (distribution === "proportional" && regions === undefined) {
    add(
      "distribution",
      "distribution: proportional needs regions with counts",
      "Add regions with a count for each.",
    );
  }
  if (distribution === "even" && total !== undefined) {
    add(
      "distribution",
      "distribution: even contradicts the counts of regions",
      "Leave the counts out, or write distribution: proportional",
    );
  }
  if (total === undefined || count === undefined) return;
  if (distribution === undefined && total !== count) {
    add(
      "count",
      `count: ${formatInteger(count)} is not the sum of the regions' counts, ${formatInteger(total)}`,
      PROPORTIONAL,
    );
  }
  if (distribution === "cheapest" && total < count) {
    add(
      "count",
      `count: ${formatInteger(count)} is more than the regions' limits allow, ${formatInteger(total)}`,
    );
  }
}

const PROPORTIONAL = "To take the counts of regions as weights: distribution: proportional";

/** The sum of the regions' counts; undefined without counts. */
export function countsOf(regions: readonly RegionCount[] | undefined): number | undefined {
  if (regions === undefined || regions.some(({ count }) => count === undefined)) return undefined;
  return regions.reduce((sum, { count = 0 }) => sum + count, 0);
}

/** Checks other keys against a number of rows. @param source the key of the rows */
export function rowCountProblems(
  { count, regions, distribution }: SweepValues,
  places: Places,
  rows: number,
  source: "grid" | "params_file",
): Problem[] {
  const has = `${source} has ${formatInteger(rows)} rows`;
  const problems: Problem[] = [];
  if (count !== undefined && count !== rows) {
    problems.push({
      place: places.get("count"),
      message: `count: ${formatInteger(count)} contradicts ${source}: ${has}`,
      fix: "Leave count out: each row is an index.",
    });
  }
  const total = countsOf(regions);
  if (total === undefined || (distribution !== undefined && !(distribution === "cheapest" && total < rows)))
    return problems;
  if (total !== rows) {
    const message = `regions: the sum of the counts is ${formatInteger(total)}, and ${has}`;
    problems.push({ place: places.get("regions"), message, fix: PROPORTIONAL });
  }
  return problems;
}
