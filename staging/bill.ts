import { replicationCost, type StagingCost, stagingCost, storageCost } from "./cost.ts";
import type { Generation } from "./ledger.ts";
import { addMoney, type MicroDollars, scaleMoney } from "./money.ts";
import type { PriceBook } from "./price-book.ts";
import type { RegionList } from "./regions.ts";
import { copyRequests, type RequestCount, retagRequests, type Shape, uploadRequests } from "./requests.ts";
import { type Residency, residenciesOf } from "./residencies.ts";
import { MS_PER_DAY, type TtlDays } from "./ttl.ts";

/**
 * AWS's charges for an entry. The guide's prices cover replication, and storage until the expiry; AWS's prices also
 * cover expired data as noncurrent versions, and requests. docs/costs.md lists the charges that count and those left
 * out.
 */

/** The causes of charges. */
export const CHARGE_KINDS = ["replication", "storage", "noncurrent", "requests"] as const;
export type ChargeKind = (typeof CHARGE_KINDS)[number];

/** Amounts by their cause. */
export type ChargeSums = Readonly<Record<ChargeKind, MicroDollars>>;
export const totalOf = (sums: ChargeSums): MicroDollars =>
  addMoney(...CHARGE_KINDS.map((kind) => sums[kind]));

export const addCharges = (sums: ChargeSums, more: ChargeSums): ChargeSums => ({
  replication: addMoney(sums.replication, more.replication),
  storage: addMoney(sums.storage, more.storage),
  noncurrent: addMoney(sums.noncurrent, more.noncurrent),
  requests: addMoney(sums.requests, more.requests),
});

/** A charge at one moment. */
interface SingleCharge {
  readonly kind: "replication" | "requests";
  readonly region: string;
  readonly at: Date;
  readonly amount: MicroDollars;
}

/** Storage in a region: the cost until a moment is {@link storageCost} until then. */
export interface LastingCharge {
  readonly kind: "storage" | "noncurrent";
  readonly region: string;
  readonly from: Date;
  readonly to: Date;
}

interface Charges {
  readonly single: readonly SingleCharge[];
  readonly lasting: readonly LastingCharge[];
}

/**
 * All charges of a generation until its end, in the order of its residencies.
 * @throws InputError if the price book lacks one of its regions, or a pair of them
 */
export function chargesOf(generation: Generation, prices: PriceBook): Charges {
  const residencies = residenciesOf(generation);
  return {
    single: [
      ...residencies.flatMap((residency) => replicationOf(residency, generation, prices)),
      ...requestsOf(generation, residencies, prices),
    ],
    lasting: residencies.flatMap((residency) => storageOf(residency, prices)),
  };
}

function replicationOf(
  { region, from, replicatedFrom }: Residency,
  generation: Generation,
  prices: PriceBook,
): SingleCharge[] {
  if (replicatedFrom === undefined) return [];
  const amount = replicationCost(generation.sizeBytes, replicatedFrom, [region], prices);
  return [{ kind: "replication", region, at: from, amount }];
}

function storageOf(
  { region, from, to, billedUntil }: Residency,
  { requestsPer1000 }: PriceBook,
): LastingCharge[] {
  const storage = { kind: "storage", region, from, to } as const;
  if (requestsPer1000 === undefined || billedUntil <= to) return [storage];
  return [storage, { kind: "noncurrent", region, from: to, to: billedUntil }];
}

function requestsOf(
  generation: Generation,
  residencies: readonly Residency[],
  { requestsPer1000 }: PriceBook,
): SingleCharge[] {
  if (requestsPer1000 === undefined) return [];
  const charge = (region: string, at: Date, count: RequestCount): SingleCharge => {
    const { put, get } = requestsPer1000(region);
    const amount = addMoney(
      scaleMoney(put, BigInt(count.put), 1000n),
      scaleMoney(get, BigInt(count.get), 1000n),
    );
    return { kind: "requests", region, at, amount };
  };
  const placed = residencies.flatMap(({ region, from, replicatedFrom }) => {
    if (replicatedFrom === undefined) return [charge(region, from, uploadRequests(generation))];
    const { source, destination } = copyRequests(generation);
    return [charge(replicatedFrom, from, source), charge(region, from, destination)];
  });
  return [
    ...placed,
    ...retagged(generation, residencies).map(([region, at]) => charge(region, at, retagRequests(generation))),
  ];
}

/** The regions and times of TTL changes. */
function retagged({ placements }: Generation, residencies: readonly Residency[]): [string, Date][] {
  return placements.flatMap(({ from: at, ttlDays }, index) => {
    if (index === 0 || placements[index - 1]?.ttlDays === ttlDays) return [];
    return residencies
      .filter(({ from, to }) => from < at && at < to)
      .map(({ region }): [string, Date] => [region, at]);
  });
}

/** A planned upload. */
interface PlannedEntry extends Shape {
  /** The primary region first. */
  readonly regions: RegionList;
  readonly ttl: TtlDays;
  /** Expired data are charged until the midnights after the expiry, so the hour matters. */
  readonly uploadedAt: Date;
}

/** A planned generation: every region gets its copy at once, and the data expire. */
export function plannedGeneration({
  regions,
  ttl,
  uploadedAt,
  sizeBytes,
  fileCount,
}: PlannedEntry): Generation {
  const placements = [{ from: uploadedAt, regions, ttlDays: ttl }];
  return {
    filename: "",
    sizeBytes,
    fileCount,
    uploadedAt,
    closedAt: undefined,
    sweepId: undefined,
    placements,
  };
}

/**
 * The total cost of an entry until S3 has deleted all its data: by the guide's calculator with its prices, and as the
 * ledger counts it with AWS's.
 * @throws InputError if the price book lacks a region or a pair of them
 */
export function plannedCost(entry: PlannedEntry, prices: PriceBook): StagingCost {
  const { sizeBytes, regions, ttl } = entry;
  if (prices.requestsPer1000 === undefined) return stagingCost(sizeBytes, regions, ttl, prices);
  const { single, lasting } = chargesOf(plannedGeneration(entry), prices);
  const sum = (kind: ChargeKind): MicroDollars =>
    addMoney(
      ...single.filter((charge) => charge.kind === kind).map(({ amount }) => amount),
      ...lasting
        .filter((charge) => charge.kind === kind)
        .map(({ region, from, to }) =>
          storageCost(sizeBytes, [region], to.getTime() - from.getTime(), prices),
        ),
    );
  const parts = {
    replication: sum("replication"),
    storage: sum("storage"),
    noncurrent: sum("noncurrent"),
    requests: sum("requests"),
  };
  const storagePerDay = storageCost(sizeBytes, regions, MS_PER_DAY, prices);
  return { ...parts, storagePerDay, total: totalOf(parts) };
}
