import { totalOf } from "../../../staging/bill.ts";
import { savings } from "../../../staging/cost.ts";
import type { LedgerRow } from "../../../staging/ledger.ts";
import { addMoney, type MicroDollars, ZERO } from "../../../staging/money.ts";
import type { Period } from "../../../staging/period.ts";
import type { PriceBook } from "../../../staging/price-book.ts";
import { MS_PER_DAY } from "../../../staging/ttl.ts";
import {
  addTo,
  type GenerationCost,
  generationCost,
  inPeriod,
  primaryOf,
  refuseTooManyDays,
  remoteInstances,
  type Sum,
  sumCosts,
  zero,
} from "./generation-cost.ts";
import type { Cost, CostReport, DayCost, EntryCost } from "./result.ts";

/** A longer period does not list the days before the first cost. */
const LISTED_DAYS = 92;

/** Adds up rows of the ledger, in any order. */
export class CostReporter {
  readonly #period: Period;
  readonly #prices: PriceBook;
  readonly #now: Date;
  readonly #filter: CostReport["filter"];
  readonly #entries: EntryCost[] = [];
  readonly #regions = new Map<string, Sum>();
  readonly #sweeps = new Map<string | undefined, Sum & { entries: number; direct: MicroDollars }>();
  readonly #days = new Map<number, Sum>();
  #staged = ZERO;
  #direct = ZERO;

  /**
   * @param now downloads are spread over the time until then, even if the period ended earlier
   * @param filter excludes generations of other sweeps
   */
  constructor(period: Period, prices: PriceBook, now: Date, filter: CostReport["filter"] = {}) {
    this.#period = period;
    this.#now = now;
    this.#prices = prices;
    this.#filter = filter;
  }

  /**
   * Counts the whole row, or nothing of it.
   * @throws InputError if the price book lacks a region of the entry, or a pair of regions
   * @throws UserError for a row that spawn cannot have written: it would take long, or make sums inexact
   */
  add(row: LedgerRow): void {
    const all = row.lives.map((generation) => inPeriod(generation, this.#period, this.#now, this.#prices));
    const allAges = all.reduce((time, { age }) => time + age, 0);
    const { sweepId: wanted } = this.#filter;
    const counted = all.filter(
      ({ generation, overlap }) =>
        overlap !== undefined && (wanted === undefined || generation.sweepId === wanted),
    );
    const last = counted.at(-1);
    if (last === undefined) return;
    refuseTooManyDays(row, counted, this.#period.until);
    const costs = counted.map((one) => generationCost(one, row, allAges, this.#period, this.#prices));
    const sum = sumCosts(costs);
    // Every other sum is a part of these: if they are exact, all are.
    [this.#staged, this.#direct] = [addMoney(this.#staged, totalOf(sum)), addMoney(this.#direct, sum.direct)];
    for (const cost of costs) this.#addGeneration(cost);
    const { filename, sizeBytes, sweepId, uploadedAt } = last.generation;
    const primary = primaryOf(last.generation);
    const regions = new Set(counted.flatMap(({ residencies }) => residencies.map(({ region }) => region)));
    this.#entries.push({
      ...{ stagingId: row.stagingId, filename, sizeBytes, sweepId, uploadedAt },
      regions: [...regions].sort((a, b) => Number(b === primary) - Number(a === primary)),
      endedAt: last.end > this.#period.until ? undefined : last.end,
      operations: counted.length,
      stagedBytes: counted.reduce((bytes, { generation }) => bytes + generation.sizeBytes, 0),
      ...sum,
      total: totalOf(sum),
      remoteInstances: remoteInstances(row, last.generation).reduce((all, [, count]) => all + count, 0),
    });
    for (const sweep of new Set(counted.map(({ generation }) => generation.sweepId)))
      this.#sweep(sweep).entries++;
  }

  report(): CostReport {
    const entries = this.#entries.toSorted((a, b) => b.total - a.total || compare(a.stagingId, b.stagingId));
    const { direct, ...sum } = sumCosts(entries);
    const total = totalOf(sum);
    const byCost = <T extends Cost>(items: T[]): T[] => items.sort((a, b) => totalOf(b) - totalOf(a));
    return {
      period: this.#period,
      prices: this.#prices.name,
      filter: this.#filter,
      operations: entries.reduce((count, { operations }) => count + operations, 0),
      stagedBytes: entries.reduce((bytes, { stagedBytes }) => bytes + stagedBytes, 0),
      ...sum,
      total,
      compared: savings(direct, total),
      entries,
      regions: byCost([...this.#regions].map(([region, cost]) => ({ region, ...cost }))),
      sweeps: byCost([...this.#sweeps].map(([sweepId, cost]) => ({ sweepId, ...cost }))),
      days: this.#listDays(),
    };
  }

  #addGeneration({ direct, charges, sweepId, ...sum }: GenerationCost): void {
    for (const { region, day, kind, amount } of charges) {
      for (const one of [getOrAdd(this.#regions, region, zero), getOrAdd(this.#days, day, zero)])
        one[kind] = addMoney(one[kind], amount);
    }
    const sweep = this.#sweep(sweepId);
    addTo(sweep, sum);
    sweep.direct = addMoney(sweep.direct, direct);
  }

  #sweep(sweepId: string | undefined) {
    return getOrAdd(this.#sweeps, sweepId, () => ({ ...zero(), entries: 0, direct: ZERO }));
  }

  #listDays(): DayCost[] {
    const first = Math.floor(this.#period.since.getTime() / MS_PER_DAY);
    const last = Math.floor((this.#period.until.getTime() - 1) / MS_PER_DAY);
    const earliest = [...this.#days.keys()].reduce((least, day) => Math.min(least, day), last + 1);
    const from = last - first < LISTED_DAYS ? first : Math.max(first, earliest);
    return Array.from({ length: Math.max(0, last - from + 1) }, (_, index) => ({
      date: new Date((from + index) * MS_PER_DAY).toISOString().slice(0, 10),
      ...(this.#days.get(from + index) ?? zero()),
    }));
  }
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
