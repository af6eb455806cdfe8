import { expect } from "chai";
import { CostReporter } from "../../../cli/services/cost/reporter.ts";
import { statusOf } from "../../../cli/services/entry/metadata.ts";
import { findDamage } from "../../../cli/services/entry/presence.ts";
import { storageCost } from "../../../staging/cost.ts";
import type { LedgerRow } from "../../../staging/ledger.ts";
import { addMoney } from "../../../staging/money.ts";
import { priceBook } from "../../../staging/price-books.ts";
import { type Residency, residenciesOf } from "../../../staging/residencies.ts";
import { expiresAt, isoSeconds, MS_PER_DAY, removalMidnight, utcDay } from "../../../staging/ttl.ts";
import type { Charge } from "./simulated-s3.ts";
import type { StagedWorld } from "./staged-world.ts";

const HOUR = 3_600_000;
/** The difference in milliseconds that ledger and S3 may have for one region: requests between an arrival and its note take this time. */
const UNNOTED_MS = 15 * 60_000;
/** Factor for sizes before pricing: the files are too small for amounts in micro-dollars. */
const LARGER = 100_000;
/** The share of the manifest in the bytes; the ledger does not count it. */
const MANIFEST = 0.002;

/**
 * Advances an entry's life hour by hour until `hours` have passed, and checks after each hour: the record's status, the regions where
 * `info` and `list --verify` find the data, and that the ledger agrees with S3's storage.
 */
export async function passHours(world: StagedWorld, hours: number): Promise<void> {
  const { tickMs } = world.clock;
  // Reads take no time here: the clock stays at the hour.
  world.clock.tickMs = 0;
  for (let hour = 0; hour < hours; hour += 1) {
    world.clock.move(HOUR);
    await checkNow(world);
  }
  world.clock.tickMs = tickMs;
}

/** Invariants of any moment. */
export async function checkNow(world: StagedWorld): Promise<void> {
  const { record, clock } = world;
  const now = clock.now();
  const at = isoSeconds(now);
  const isExpired = expiresAt(record.uploadedAt, record.ttl) <= now;
  expect(statusOf(record, now) === "expired", `${at}: status`).to.equal(isExpired);

  const row = await world.ledger();
  const stays = row.lives.flatMap(residenciesOf);
  const presence = await world.presence();
  expect(findDamage(record, presence, now, "dev"), `${at}: ${JSON.stringify(presence)}`).to.equal(undefined);
  for (const { region, state } of presence) {
    const stay = stays.find((one) => one.region === region);
    const removal = (stay?.to.getTime() ?? 0) + world.s3.behaviour.lifecycleLagMs;
    if (now.getTime() < (stay?.to.getTime() ?? 0)) expect(state, `${at}: ${region}`).to.equal("whole");
    if (now.getTime() >= removal) expect(state, `${at}: ${region}`).to.equal("missing");
    // An object of the last day expires a midnight later: a rule has at least one day.
    const isLate = world
      .charges()
      .some(
        (charge) => charge.region === region && utcDay(charge.from) >= utcDay(record.uploadedAt) + record.ttl,
      );
    const expected = removalMidnight(record.uploadedAt, record.ttl).getTime() + (isLate ? MS_PER_DAY : 0);
    const isHeld = row.lives.some(({ held }) => held?.has(region));
    if (!isHeld) expect(stay?.to.getTime(), `${at}: ${region}`).to.equal(expected);
    if (!isExpired) expect(state, `${at}: ${region} before its expiry`).to.equal("whole");
  }
  checkAmounts(world, stays, now);
  // The record no longer names a removed region.
  if (stays.every(({ region }) => record.regions.some((other) => other === region)))
    checkMoney(world, row, now);
}

/** Compares bytes × time of the ledger with S3's storage, region by region. */
function checkAmounts(world: StagedWorld, stays: readonly Residency[], now: Date): void {
  const bytes = world.record.sizeBytes;
  for (const region of new Set(stays.map((stay) => stay.region))) {
    const counted = stays
      .filter((stay) => stay.region === region)
      .reduce(
        (sum, { from, billedUntil }) =>
          sum + Math.max(0, Math.min(Number(now), Number(billedUntil)) - Number(from)),
        0,
      );
    const stored =
      storedTime(
        world.charges().filter((charge) => charge.region === region),
        now,
      ) / bytes;
    const tolerance = UNNOTED_MS + MANIFEST * stored;
    const text = `${isoSeconds(now)}: ${region} has ${stored / HOUR} hours on S3 and ${counted / HOUR} in the ledger`;
    expect(Math.abs(stored - counted) <= tolerance, text).to.equal(true);
  }
}

/** Storage in micro-dollars under AWS's prices in `stage cost` equals the price of S3's storage. */
function checkMoney(world: StagedWorld, row: LedgerRow, now: Date): void {
  const prices = priceBook("aws");
  const { sizeBytes, regions } = world.record;
  const lives = row.lives.map((life) => ({ ...life, sizeBytes: sizeBytes * LARGER }));
  const reporter = new CostReporter({ since: new Date(0), until: now, label: "", cut: false }, prices, now);
  reporter.add({ ...row, lives });
  const { storage, noncurrent } = reporter.report();
  const stored = regions.map((region) => {
    const time =
      storedTime(
        world.charges().filter((charge) => charge.region === region),
        now,
      ) / sizeBytes;
    return storageCost(sizeBytes * LARGER, [region], Math.round(time), prices);
  });
  const expected = Number(addMoney(...stored));
  const unnoted = storageCost(sizeBytes * LARGER, regions, UNNOTED_MS, prices);
  const tolerance = Number(unnoted) + MANIFEST * expected;
  const text = `${isoSeconds(now)}: S3 charges ${expected}, the report has ${addMoney(storage, noncurrent)}`;
  expect(Math.abs(Number(addMoney(storage, noncurrent)) - expected) <= tolerance, text).to.equal(true);
}

/** Bytes × milliseconds. Overlapping versions of one key count once: the ledger does not know a replica that arrived twice. */
function storedTime(charges: readonly Charge[], now: Date): number {
  const keys = new Map<string, Charge[]>();
  for (const charge of charges) keys.set(charge.key, [...(keys.get(charge.key) ?? []), charge]);
  let sum = 0;
  for (const versions of keys.values()) {
    let until = 0;
    for (const { bytes, from, to } of versions.sort((a, b) => Number(a.from) - Number(b.from))) {
      const end = Math.min(Number(now), Number(to ?? now));
      sum += bytes * Math.max(0, end - Math.max(until, Number(from)));
      until = Math.max(until, end);
    }
  }
  return sum;
}

/** S3 has nothing left, and billed nothing after the ledger's end. */
export async function checkEnd(world: StagedWorld): Promise<void> {
  const stays = (await world.ledger()).lives.flatMap(residenciesOf);
  for (const { region, key, to } of world.charges()) {
    const end = Math.max(
      ...stays.filter((stay) => stay.region === region).map((stay) => Number(stay.billedUntil)),
    );
    expect(to, `${key} in ${region} is still stored`).to.not.equal(undefined);
    const text = `${key} in ${region} is billed until ${to?.toISOString()}, the ledger ends at ${new Date(end).toISOString()}`;
    expect(Number(to) <= end + UNNOTED_MS, text).to.equal(true);
  }
}

/** Hours until all data have expired: two days beyond the TTL, and the rest of that day. */
export const hoursOf = (ttlDays: number): number => ((ttlDays + 4) * MS_PER_DAY) / HOUR;
