import {
  CHARGE_KINDS,
  type ChargeKind,
  type ChargeSums,
  chargesOf,
  type LastingCharge,
} from "../../../staging/bill.ts";
import { downloadCost, storageCost } from "../../../staging/cost.ts";
import { UserError } from "../../../staging/errors.ts";
import type { Generation, LedgerRow } from "../../../staging/ledger.ts";
import { addMoney, type MicroDollars, scaleMoney, subtractMoney, ZERO } from "../../../staging/money.ts";
import type { Period } from "../../../staging/period.ts";
import type { PriceBook } from "../../../staging/price-book.ts";
import { type Residency, residenciesOf } from "../../../staging/residencies.ts";
import { MS_PER_DAY } from "../../../staging/ttl.ts";

/** Amounts by their cause, to add to. */
export type Sum = Record<ChargeKind, MicroDollars>;

export const zero = (): Sum => ({ replication: ZERO, storage: ZERO, noncurrent: ZERO, requests: ZERO });

export function addTo(sum: Sum, more: ChargeSums): void {
  for (const kind of CHARGE_KINDS) sum[kind] = addMoney(sum[kind], more[kind]);
}

/** Charges, and the cost of direct downloads in their place. */
type Compared = ChargeSums & { readonly direct: MicroDollars };

export function sumCosts(costs: readonly Compared[]): Sum & { direct: MicroDollars } {
  const sum = { ...zero(), direct: ZERO };
  for (const cost of costs) {
    addTo(sum, cost);
    sum.direct = addMoney(sum.direct, cost.direct);
  }
  return sum;
}

/** A generation of an entry, seen from a period. */
interface GenerationInPeriod {
  readonly generation: Generation;
  /** The residencies with charges in the period. */
  readonly residencies: readonly Residency[];
  /** The end of the data; may be in the future. */
  readonly end: Date;
  /** Milliseconds from the upload until now, or until the end of the data. */
  readonly age: number;
  /** The part of them in the period; undefined if nothing is charged in it. */
  readonly overlap: number | undefined;
}

export function inPeriod(
  generation: Generation,
  { since, until }: Period,
  now: Date,
  { requestsPer1000 }: PriceBook,
): GenerationInPeriod {
  const { uploadedAt } = generation;
  const all = residenciesOf(generation);
  const chargedUntil = ({ to, billedUntil }: Residency): Date =>
    requestsPer1000 === undefined ? to : billedUntil;
  const end = latest(
    uploadedAt,
    all.map(({ to }) => to),
  );
  const isCharged =
    uploadedAt < until && (latest(uploadedAt, all.map(chargedUntil)) > since || uploadedAt >= since);
  const from = uploadedAt.getTime();
  const time = (start: number, stop: Date): number =>
    Math.max(0, Math.min(end.getTime(), stop.getTime()) - start);
  return {
    generation,
    residencies: all.filter((one) => one.from < until && (chargedUntil(one) > since || one.from >= since)),
    end,
    age: time(from, now),
    overlap: isCharged ? time(Math.max(from, since.getTime()), until) : undefined,
  };
}

const latest = (date: Date, others: readonly Date[]): Date =>
  others.reduce((last, other) => (other > last ? other : last), date);

/** The cost of one generation in a period, with its days and regions. */
export interface GenerationCost extends Sum {
  /** The cost of direct downloads in its place. */
  readonly direct: MicroDollars;
  readonly charges: readonly DatedCharge[];
  readonly sweepId: string | undefined;
}

interface DatedCharge {
  readonly region: string;
  /** Days since 1970, in UTC. */
  readonly day: number;
  readonly kind: ChargeKind;
  readonly amount: MicroDollars;
}

/**
 * @param allAges the sum of the ages of all generations of `row`
 * @throws InputError if the price book lacks one of the regions, or a pair of them
 */
export function generationCost(
  { generation, age, overlap = 0 }: GenerationInPeriod,
  row: LedgerRow,
  allAges: number,
  period: Period,
  prices: PriceBook,
): GenerationCost {
  const sum = zero();
  const charges: DatedCharge[] = [];
  const charge: Charge = (kind, region, amount, at) => {
    sum[kind] = addMoney(sum[kind], amount);
    charges.push({ region, kind, amount, day: Math.floor(at / MS_PER_DAY) });
  };
  const { single, lasting } = chargesOf(generation, prices);
  for (const { kind, region, at, amount } of single) {
    if (at >= period.since && at < period.until) charge(kind, region, amount, at.getTime());
  }
  for (const one of lasting) chargeDays(generation.sizeBytes, one, period, prices, charge);
  // The counters have no times: downloads count as spread evenly over the ages of the generations.
  const [part, whole] = allAges === 0 ? [1, 1] : [age === 0 ? 0 : overlap, allAges];
  const direct = scaleMoney(directCost(row, generation, prices), BigInt(part), BigInt(whole));
  return { ...sum, direct, charges, sweepId: generation.sweepId };
}

type Charge = (kind: ChargeKind, region: string, amount: MicroDollars, at: number) => void;

/** Charges each day the difference of the amounts until its end and until its start, so that the days add up to the whole. */
function chargeDays(
  sizeBytes: number,
  { kind, region, from, to }: LastingCharge,
  { since, until }: Period,
  prices: PriceBook,
  charge: Charge,
): void {
  const start = Math.max(from.getTime(), since.getTime());
  const end = Math.min(to.getTime(), until.getTime());
  let before = ZERO;
  for (let at = start; at < end; ) {
    const next = Math.min(end, (Math.floor(at / MS_PER_DAY) + 1) * MS_PER_DAY);
    const amount = storageCost(sizeBytes, [region], next - start, prices);
    charge(kind, region, subtractMoney(amount, before), at);
    before = amount;
    at = next;
  }
}

/** The cost of downloading from the primary region by all instances of other regions. */
function directCost(row: LedgerRow, generation: Generation, prices: PriceBook): MicroDollars {
  const primary = primaryOf(generation) ?? "";
  return addMoney(
    ...remoteInstances(row, generation).map(([region, count]) =>
      downloadCost(generation.sizeBytes, primary, region, count, prices),
    ),
  );
}

/** Instances by region, without those of the primary region. */
export function remoteInstances(row: LedgerRow, generation: Generation): (readonly [string, number])[] {
  const primary = primaryOf(generation);
  return Object.entries(row.usage.instancesByRegion).filter(([region]) => region !== primary);
}

export const primaryOf = ({ placements }: Generation): string | undefined => placements.at(-1)?.regions[0];

/** More than ten years in every region. */
const MAX_REGION_DAYS = 50_000;

/** @throws UserError for a row with more days than spawn can have written: counting them would take long */
export function refuseTooManyDays(
  { stagingId }: LedgerRow,
  generations: readonly GenerationInPeriod[],
  until: Date,
): void {
  // Data that do not expire have no end.
  const end = (to: Date): number => Math.min(to.getTime(), until.getTime());
  const days = generations
    .flatMap(({ residencies }) => residencies)
    .reduce((sum, { from, to }) => sum + 1 + (end(to) - from.getTime()) / MS_PER_DAY, 0);
  if (days <= MAX_REGION_DAYS) return;
  throw new UserError(`the usage row of ${stagingId} cannot be counted`, {
    why: "It claims storage for more than ten years in every region. The item in DynamoDB was changed by hand.",
  });
}
