import { expect } from "chai";
import { CostReporter } from "../../../cli/services/cost/reporter.ts";
import { statusOf } from "../../../cli/services/entry/metadata.ts";
import { judgePresence } from "../../../cli/services/entry/presence.ts";
import { storageCost } from "../../../staging/cost.ts";
import type { LedgerRow } from "../../../staging/ledger.ts";
import { addMoney } from "../../../staging/money.ts";
import { priceBook } from "../../../staging/price-books.ts";
import { type Residency, residenciesOf } from "../../../staging/residencies.ts";
import { expiresAt, isoSeconds, MS_PER_DAY, removalMidnight, utcDay } from "../../../staging/ttl.ts";
import type { Charge } from "./simulated-s3.ts";
import type { StagedWorld } from "./staged-world.ts";

const HOUR = 3_600_000;
/** Milliseconds by which the ledger and S3 may differ for one region: the time of the requests between an arrival and its note. */
const UNNOTED_MS = 15 * 60_000;
/** By what sizes are multiplied before they are priced: the files are too small for amounts in micro-dollars. */
const LARGER = 100_000;
/** The part of the bytes that are a manifest, which the ledger does not count. */
const MANIFEST = 0.002;

/**
 * Lets the hours of an entry's life pass until `hours` have, and checks each: the record's status, where `info` and `list --verify`
 * find the data, and that the ledger has what S3 has stored.
 */
export async function passHours(world: StagedWorld, hours: number): Promise<void> {
  const { tickMs } = world.clock;
  // Looks take no time here: the clock stays at the hour.
  world.clock.tickMs = 0;
  for (let hour = 0; hour < hours; hour += 1) {
    world.clock.move(HOUR);
    await checkNow(world);
  }
  world.clock.tickMs = tickMs;
}

/** What must hold at any moment. */
export async function checkNow(world: StagedWorld): Promise<void> {
  const { record, clock } = world;
  const now = clock.now();
  const at = isoSeconds(now);
  const isExpired = expiresAt(record.uploadedAt, record.ttl) <= now;
  expect(statusOf(record, now) === "expired", `${at}: status`).to.equal(isExpired);

  const row = await world.ledger();
  const stays = row.lives.flatMap(residenciesOf);
  const presence = await world.presence();
  expect(judgePresence(record, presence, now, "dev"), `${at}: ${JSON.stringify(presence)}`).to.equal(
    undefined,
  );
  for (const { region, state } of presence) {
    const stay = stays.find((one) => one.region === region);
    const removal = (stay?.to.getTime() ?? 0) + world.s3.behaviour.lifecycleLagMs;
    if (now.getTime() < (stay?.to.getTime() ?? 0)) expect(state, `${at}: ${region}`).to.equal("whole");
    if (now.getTime() >= removal) expect(state, `${at}: ${region}`).to.equal("missing");
    // What was made on the last day goes a midnight later: a rule has one day at least.
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
  // A removed region is no longer in the record.
  if (stays.every(({ region }) => record.regions.some((other) => other === region)))
    checkMoney(world, row, now);
}

/** Compares bytes × time of the ledger with what S3 has stored, region by region. */
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

/** Storage in micro-dollars under AWS's prices, as `stage cost` reports it, is what S3's storage comes to. */
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

/** Bytes × milliseconds. The time of two versions of one key counts once: the ledger does not know a replica that came twice. */
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

/** Whether S3 has nothing left, and billed nothing after the end that the ledger has. */
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

/** Hours until everything has gone: two days beyond the TTL, and the rest of that day. */
export const hoursOf = (ttlDays: number): number => ((ttlDays + 4) * MS_PER_DAY) / HOUR;
