import { plannedCost } from "../bill.ts";
import { downloadCost, type Savings, savings } from "../cost.ts";
import { InputError } from "../errors.ts";
import { addMoney, formatMoney, type MicroDollars, scaleMoney } from "../money.ts";
import type { CommandText } from "../option.ts";
import type { PriceBook } from "../price-book.ts";
import type { Region } from "../regions.ts";
import { diskGib } from "./disk.ts";
import { distribute, type RegionRange } from "./distribution.ts";
import { checkEntries, commonRegions, type SweepEntry } from "./entries.ts";
import { type Architecture, architectureOf } from "./instance-types.ts";
import type { SweepParameters } from "./parameters.ts";
import { workersOf } from "./workers.ts";

export interface SweepPlanInput {
  readonly parameters: SweepParameters;
  /** The staged data, in the order of `parameters.entries`. */
  readonly entries: readonly SweepEntry[];
  /** The server's time. */
  readonly now: Date;
  /**
   * The maximum cost of an instance per hour: the list price (`priceBook("aws").instanceHour`). A spot instance never
   * costs more.
   * @throws InputError for a type with an unknown price
   */
  readonly hourOf: (instanceType: string, region: Region) => MicroDollars;
  /** The current spot price per hour. Only `distribution: cheapest` uses it; all limits use `hourOf`. */
  readonly spotHourOf?: (instanceType: string, region: Region) => MicroDollars | undefined;
  /** For the fixes in errors. */
  readonly command: CommandText;
  /** For the savings against direct downloads. */
  readonly prices: PriceBook;
}

export interface RegionPlan extends RegionRange {
  /** Concurrent workers, at most the number of indices. */
  readonly workers: number;
  /** The cost of one worker per hour, with the cheapest and the most expensive instance type. */
  readonly hour: HourRange;
  /** The same at the current spot prices, if they are known for each type. */
  readonly spotHour?: HourRange;
}

/** An hourly price for the cheapest and the most expensive instance type. */
export interface HourRange {
  readonly least: MicroDollars;
  readonly most: MicroDollars;
}

/** The work and the maximum cost of a sweep. Volumes and requests are not included; they are small beside the instances. */
export interface SweepPlan {
  /** Regions with indices. */
  readonly regions: readonly RegionPlan[];
  readonly workers: number;
  readonly instanceTypes: readonly [string, ...string[]];
  readonly architecture: Architecture;
  /** Total size of all datasets: each worker downloads it. */
  readonly dataBytes: number;
  readonly diskGib: number;
  /** The cost of all workers per hour, with the cheapest and the most expensive instance type. */
  readonly hour: HourRange;
  /** The same at the current spot prices, if all are known. */
  readonly spotHour?: HourRange;
  /** Seconds from the start to the end of all workers. */
  readonly deadlineSeconds: number;
  /** Whether `max_cost` has shortened the deadline. */
  readonly shortened: boolean;
  /** All workers until the deadline, with the most expensive instance type. */
  readonly maxCost: MicroDollars;
  /** The cost of staging, compared with a download by each worker from the primary region. */
  readonly savings: Savings;
}

/**
 * Plans a sweep.
 * @throws InputError if data are missing in a region or expire too early, a price is unknown, `max_cost` pays for
 * less than a minute, or `max_concurrent` or `disk` is too small
 */
export function planSweep(input: SweepPlanInput): SweepPlan {
  const { parameters, entries, now, hourOf, spotHourOf, prices, command } = input;
  const { instanceTypes, count, distribution } = parameters;
  const hourIn = (region: Region): HourRange => rangeOf(instanceTypes.map((type) => hourOf(type, region)));
  const spotHourIn = (region: Region): HourRange | undefined => {
    const hours = instanceTypes.map((type) => spotHourOf?.(type, region));
    return hours.every((hour) => hour !== undefined) ? rangeOf(hours) : undefined;
  };
  const named =
    parameters.regions.length > 0 ? parameters.regions : commonRegions(entries, command).map(withoutCount);
  const areSpotPricesKnown = named.every(({ region }) => spotHourIn(region) !== undefined);
  const ranges = distribute({
    count,
    distribution,
    regions: named,
    priceOf: (region) => ((areSpotPricesKnown ? spotHourIn(region) : undefined) ?? hourIn(region)).most,
  });
  const workers = workersOf(parameters.maxConcurrent, ranges);
  const regions = ranges.map((range, place): RegionPlan => {
    const spotHour = spotHourIn(range.region);
    return {
      ...{ ...range, workers: workers[place] ?? 0, hour: hourIn(range.region) },
      ...(spotHour === undefined ? {} : { spotHour }),
    };
  });
  const hour = totalOf(regions.map((region) => ({ ...region.hour, workers: region.workers })));
  const spot = regions.flatMap((region) =>
    region.spotHour === undefined ? [] : [{ ...region.spotHour, workers: region.workers }],
  );
  const deadlineSeconds = affordable(parameters, hour.most);
  checkEntries(
    entries,
    ranges.map(({ region }) => region),
    deadlineSeconds,
    now,
    command,
  );
  const dataBytes = entries.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
  return {
    regions,
    workers: parameters.maxConcurrent,
    instanceTypes,
    architecture: architectureOf(instanceTypes[0]),
    dataBytes,
    diskGib: diskGib(dataBytes, parameters.diskBytes),
    hour,
    ...(spot.length === regions.length ? { spotHour: totalOf(spot) } : {}),
    deadlineSeconds,
    shortened: deadlineSeconds < parameters.deadlineSeconds,
    maxCost: costUntil(hour.most, deadlineSeconds),
    savings: savingsOf(entries, regions, prices),
  };
}

const rangeOf = (hours: readonly MicroDollars[]): HourRange => ({
  least: Math.min(...hours) as MicroDollars,
  most: Math.max(...hours) as MicroDollars,
});

/** The cost of all workers per hour. */
function totalOf(regions: readonly (HourRange & { readonly workers: number })[]): HourRange {
  const sum = (bound: keyof HourRange): MicroDollars =>
    addMoney(...regions.map((region) => scaleMoney(region[bound], BigInt(region.workers), 1n)));
  return { least: sum("least"), most: sum("most") };
}

const withoutCount = (region: Region) => ({ region, count: undefined });

const SECONDS_PER_HOUR = 3_600n;
const MIN_DEADLINE_SECONDS = 60;

const costUntil = (hour: MicroDollars, seconds: number): MicroDollars =>
  scaleMoney(hour, BigInt(seconds), SECONDS_PER_HOUR);

/** The deadline, or the time that `max_cost` pays for, whichever is shorter. */
function affordable(
  { maxCost, deadlineSeconds, maxConcurrent }: SweepParameters,
  hour: MicroDollars,
): number {
  if (maxCost === undefined || hour === 0) return deadlineSeconds;
  const seconds = Number((BigInt(maxCost) * SECONDS_PER_HOUR) / BigInt(hour));
  if (seconds < MIN_DEADLINE_SECONDS) {
    throw new InputError(`max_cost: ${formatMoney(maxCost)} pays for less than a minute`, {
      why: `${maxConcurrent} workers cost up to ${formatMoney(hour)} an hour.`,
      fix: "Raise max_cost, or lower max_concurrent.",
    });
  }
  return Math.min(deadlineSeconds, seconds);
}

/** Each worker downloads each dataset once, whatever the number of its indices. */
function savingsOf(
  entries: readonly SweepEntry[],
  regions: readonly RegionPlan[],
  prices: PriceBook,
): Savings {
  const direct = entries.flatMap(({ sizeBytes, regions: [primary] }) =>
    regions.map(({ region, workers }) => downloadCost(sizeBytes, primary, region, workers, prices)),
  );
  // Staging by another account costs this one nothing.
  const staged = entries.flatMap(({ ttl, account, ...entry }) =>
    ttl === undefined || account !== undefined ? [] : [plannedCost({ ...entry, ttl }, prices).total],
  );
  return savings(addMoney(...direct), addMoney(...staged));
}
