import {
  CHARGE_KINDS,
  type ChargeKind,
  type ChargeSums,
  chargesOf,
  type LastingCharge,
  totalOf,
} from "../../../staging/bill.ts";
import { downloadCost, savings, storageCost } from "../../../staging/cost.ts";
import { UserError } from "../../../staging/errors.ts";
import type { Generation, LedgerRow } from "../../../staging/ledger.ts";
import { addMoney, type MicroDollars, scaleMoney, subtractMoney, ZERO } from "../../../staging/money.ts";
import type { Period } from "../../../staging/period.ts";
import type { PriceBook } from "../../../staging/price-book.ts";
import { type Residency, residenciesOf } from "../../../staging/residencies.ts";
import { MS_PER_DAY } from "../../../staging/ttl.ts";
import type { Cost, CostReport, DayCost, EntryCost } from "./result.ts";

type Sum = Record<ChargeKind, MicroDollars>;
const nothing = (): Sum => ({ replication: ZERO, storage: ZERO, noncurrent: ZERO, requests: ZERO });
const addTo = (sum: Sum, more: ChargeSums): void => {
  for (const kind of CHARGE_KINDS) sum[kind] = addMoney(sum[kind], more[kind]);
};

/** A longer period does not list the days before the first cost. */
const LISTED_DAYS = 92;

/** Adds up the rows of the ledger, one at a time, in any order. */
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
   * @param now downloads are spread over the time until then, also where the period ended before
   * @param filter what of the ledger is counted; a life of another sweep is not
   */
  constructor(period: Period, prices: PriceBook, now: Date, filter: CostReport["filter"] = {}) {
    this.#period = period;
    this.#now = now;
    this.#prices = prices;
    this.#filter = filter;
  }

  /**
   * Counts a row whole, or not at all.
   * @throws InputError when the price book lacks a region in which the entry was, or a pair of them
   * @throws UserError for a row that no use of the program can have written: it would take long, or make sums inexact
   */
  add(row: LedgerRow): void {
    const lived = row.lives.map((life) => livedOf(life, this.#period, this.#now, this.#prices));
    const all = lived.reduce((time, { age }) => time + age, 0);
    const counted = lived.filter(
      ({ life, overlap }) =>
        overlap !== undefined &&
        (this.#filter.sweepId === undefined || life.sweepId === this.#filter.sweepId),
    );
    const last = counted.at(-1);
    if (last === undefined) return;
    refuseEndless(row, counted, this.#period.until);
    const parts = counted.map((one) => this.#countOf(one, row, all));
    const sum = addUp(parts);
    // Every other sum is a part of these: if they are exact, all are.
    [this.#staged, this.#direct] = [addMoney(this.#staged, totalOf(sum)), addMoney(this.#direct, sum.direct)];
    for (const part of parts) this.#charge(part);
    const regions = [...new Set(counted.flatMap(({ stays }) => stays.map(({ region }) => region)))];
    const { filename, sizeBytes, sweepId, uploadedAt, placements } = last.life;
    const primary = placements.at(-1)?.regions[0];
    this.#entries.push({
      stagingId: row.stagingId,
      filename,
      sizeBytes,
      regions: regions.sort((a, b) => Number(b === primary) - Number(a === primary)),
      sweepId,
      uploadedAt,
      endedAt: last.end > this.#period.until ? undefined : last.end,
      operations: counted.length,
      stagedBytes: counted.reduce((bytes, { life }) => bytes + life.sizeBytes, 0),
      ...sum,
      total: totalOf(sum),
      remoteInstances: remoteInstances(row, last.life).reduce((count, [, instances]) => count + instances, 0),
    });
    for (const sweep of new Set(counted.map(({ life }) => life.sweepId))) this.#sweep(sweep).entries++;
  }

  report(): CostReport {
    const entries = this.#entries.toSorted((a, b) => b.total - a.total || compare(a.stagingId, b.stagingId));
    const { direct, ...sum } = addUp(entries);
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

  /** What one life cost. */
  #countOf({ life, age, overlap = 0 }: Lived, row: LedgerRow, all: number): Counted {
    const sum = nothing();
    const charges: Charged[] = [];
    const charge = (kind: ChargeKind, region: string, amount: MicroDollars, at: number): void => {
      sum[kind] = addMoney(sum[kind], amount);
      charges.push({ region, kind, amount, day: Math.floor(at / MS_PER_DAY) });
    };
    const { since, until } = this.#period;
    const { single, lasting } = chargesOf(life, this.#prices);
    for (const { kind, region, at, amount } of single) {
      if (at >= since && at < until) charge(kind, region, amount, at.getTime());
    }
    for (const one of lasting) this.#chargeTime(life.sizeBytes, one, charge);
    // The counters have no times: downloads count as spread evenly over the time in which the data were there.
    const [part, whole] = all === 0 ? [1, 1] : [age === 0 ? 0 : overlap, all];
    const direct = scaleMoney(this.#directOf(row, life), BigInt(part), BigInt(whole));
    return { ...sum, direct, charges, sweepId: life.sweepId };
  }

  /** Adds what a life cost to the sums of its regions, its days and its sweep. */
  #charge({ direct, charges, sweepId, ...sum }: Counted): void {
    for (const { region, day, kind, amount } of charges) {
      for (const one of [getOrAdd(this.#regions, region, nothing), getOrAdd(this.#days, day, nothing)])
        one[kind] = addMoney(one[kind], amount);
    }
    const sweep = this.#sweep(sweepId);
    addTo(sweep, sum);
    sweep.direct = addMoney(sweep.direct, direct);
  }

  /** A day's part is the difference of what it had cost by its two ends, so that the days add up to the whole. */
  #chargeTime(sizeBytes: number, { kind, region, from, to }: LastingCharge, charge: Charge): void {
    const start = Math.max(from.getTime(), this.#period.since.getTime());
    const end = Math.min(to.getTime(), this.#period.until.getTime());
    let before = ZERO;
    for (let at = start; at < end; ) {
      const next = Math.min(end, (Math.floor(at / MS_PER_DAY) + 1) * MS_PER_DAY);
      const until = storageCost(sizeBytes, [region], next - start, this.#prices);
      charge(kind, region, subtractMoney(until, before), at);
      before = until;
      at = next;
    }
  }

  #directOf(row: LedgerRow, life: Generation): MicroDollars {
    const primary = life.placements.at(-1)?.regions[0] ?? "";
    return addMoney(
      ...remoteInstances(row, life).map(([region, count]) =>
        downloadCost(life.sizeBytes, primary, region, count, this.#prices),
      ),
    );
  }

  #sweep(sweepId: string | undefined) {
    return getOrAdd(this.#sweeps, sweepId, () => ({ ...nothing(), entries: 0, direct: ZERO }));
  }

  #listDays(): DayCost[] {
    const first = Math.floor(this.#period.since.getTime() / MS_PER_DAY);
    const last = Math.floor((this.#period.until.getTime() - 1) / MS_PER_DAY);
    const from =
      last - first < LISTED_DAYS ? first : Math.max(first, smallest(this.#days.keys()) ?? last + 1);
    return Array.from({ length: Math.max(0, last - from + 1) }, (_, index) => ({
      date: new Date((from + index) * MS_PER_DAY).toISOString().slice(0, 10),
      ...(this.#days.get(from + index) ?? nothing()),
    }));
  }
}

/** What one life cost, and on which day in which region. */
interface Counted extends Sum {
  readonly direct: MicroDollars;
  readonly charges: readonly Charged[];
  readonly sweepId: string | undefined;
}

interface Charged {
  readonly region: string;
  readonly day: number;
  readonly kind: ChargeKind;
  readonly amount: MicroDollars;
}

/** Ten years in every region have fewer. */
const MAX_REGION_DAYS = 50_000;

function refuseEndless({ stagingId }: LedgerRow, lived: readonly Lived[], until: Date): void {
  const stays = lived.flatMap((one) => one.stays);
  // What does not expire has no end.
  const end = (to: Date): number => Math.min(to.getTime(), until.getTime());
  const days = stays.reduce((sum, { from, to }) => sum + 1 + (end(to) - from.getTime()) / MS_PER_DAY, 0);
  if (days <= MAX_REGION_DAYS) return;
  throw new UserError(`the usage row of ${stagingId} cannot be counted`, {
    why: "Its uploads would have been stored for more than ten years in every region. Somebody changed the item in DynamoDB.",
  });
}

type Charge = (kind: ChargeKind, region: string, amount: MicroDollars, at: number) => void;

interface Lived {
  readonly life: Generation;
  /** Those that are charged for in the period. */
  readonly stays: readonly Residency[];
  /** When the data went or will go. */
  readonly end: Date;
  /** Milliseconds for which the data have been there until now. */
  readonly age: number;
  /** Those in the period; undefined where nothing is charged in it. */
  readonly overlap: number | undefined;
}

function livedOf(
  life: Generation,
  { since, until }: Period,
  now: Date,
  { requestsPer1000 }: PriceBook,
): Lived {
  const { uploadedAt } = life;
  const all = residenciesOf(life);
  const chargedUntil = ({ to, billedUntil }: Residency): Date =>
    requestsPer1000 === undefined ? to : billedUntil;
  const end = latest(
    uploadedAt,
    all.map(({ to }) => to),
  );
  const isTouched =
    uploadedAt < until && (latest(uploadedAt, all.map(chargedUntil)) > since || uploadedAt >= since);
  const from = uploadedAt.getTime();
  const time = (start: number, stop: Date): number =>
    Math.max(0, Math.min(end.getTime(), stop.getTime()) - start);
  return {
    life,
    stays: all.filter((stay) => stay.from < until && (chargedUntil(stay) > since || stay.from >= since)),
    end,
    age: time(from, now),
    overlap: isTouched ? time(Math.max(from, since.getTime()), until) : undefined,
  };
}

const latest = (date: Date, others: readonly Date[]): Date =>
  others.reduce((last, other) => (other > last ? other : last), date);

function remoteInstances(row: LedgerRow, life: Generation): (readonly [string, number])[] {
  const primary = life.placements.at(-1)?.regions[0];
  return Object.entries(row.usage.instancesByRegion).filter(([region]) => region !== primary);
}

function addUp(
  costs: readonly (Cost & { readonly direct: MicroDollars })[],
): Cost & { direct: MicroDollars } {
  const sum = { ...nothing(), direct: ZERO };
  for (const cost of costs) {
    addTo(sum, cost);
    sum.direct = addMoney(sum.direct, cost.direct);
  }
  return sum;
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

function smallest(numbers: Iterable<number>): number | undefined {
  let least: number | undefined;
  for (const number of numbers) if (least === undefined || number < least) least = number;
  return least;
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
