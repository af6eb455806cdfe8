import { expect } from "chai";
import fc from "fast-check";
import { estimate } from "../../../cli/services/cost/estimate.ts";
import { CostReporter } from "../../../cli/services/cost/reporter.ts";
import type { CostReport } from "../../../cli/services/cost/result.ts";
import { CHARGE_KINDS, chargesOf, totalOf } from "../../../staging/bill.ts";
import { type Generation, parseLedgerRow } from "../../../staging/ledger.ts";
import { addMoney } from "../../../staging/money.ts";
import { PRICE_BOOK_NAMES, type PriceBook } from "../../../staging/price-book.ts";
import { priceBook } from "../../../staging/price-books.ts";
import { isRegionList, REGIONS, type RegionList } from "../../../staging/regions.ts";
import { residenciesOf } from "../../../staging/residencies.ts";
import { isoSeconds, MS_PER_DAY, parseTtlDays } from "../../../staging/ttl.ts";
import { GIB } from "../../../staging/units.ts";

const aws: PriceBook = priceBook("aws");
const START = Date.parse("2026-03-01T00:00:00Z");
const HOUR = 3_600_000;

/** A generation in the ledger: copies that arrive later or never, another TTL and other regions, a deletion. */
interface Told {
  readonly sizeBytes: number;
  readonly fileCount: number;
  readonly regions: RegionList;
  readonly ttl: number;
  /** Seconds after {@link START}. */
  readonly uploaded: number;
  /** Hours after the upload, for each region. */
  readonly arrivals: readonly (number | undefined)[];
  readonly update: { readonly hour: number; readonly ttl: number; readonly dropped: boolean } | undefined;
  readonly closedHour: number | undefined;
}

const regionLists = fc
  .shuffledSubarray([...REGIONS], { minLength: 1, maxLength: 4 })
  .filter((regions): regions is RegionList & typeof regions => isRegionList(regions));
const lives = fc.record<Told>({
  sizeBytes: fc.integer({ min: 0, max: 2_000 * GIB }),
  fileCount: fc.integer({ min: 1, max: 100_000 }),
  regions: regionLists,
  ttl: fc.integer({ min: 1, max: 12 }),
  uploaded: fc.integer({ min: 0, max: 86_400 }),
  arrivals: fc.array(fc.option(fc.integer({ min: 0, max: 300 }), { nil: undefined }), {
    minLength: 4,
    maxLength: 4,
  }),
  update: fc.option(
    fc.record({
      hour: fc.integer({ min: 1, max: 200 }),
      ttl: fc.integer({ min: 1, max: 14 }),
      dropped: fc.boolean(),
    }),
    { nil: undefined },
  ),
  closedHour: fc.option(fc.integer({ min: 0, max: 400 }), { nil: undefined }),
});

const at = (told: Told, hour: number): string =>
  isoSeconds(new Date(START + told.uploaded * 1000 + hour * HOUR));

function rowOf(told: Told): Record<string, unknown> {
  const { regions, update, closedHour } = told;
  const first = { from: at(told, 0), regions, ttl_days: told.ttl };
  const next = update && {
    from: at(told, update.hour),
    regions: update.dropped ? regions.slice(0, 1) : regions,
    ttl_days: update.ttl,
  };
  const arrived = told.arrivals.flatMap((hour, index) => {
    const region = regions[index];
    return region === undefined || hour === undefined ? [] : [[`arrived_in_${region}`, at(told, hour)]];
  });
  return {
    staging_id: "stage-abc123def456",
    filename: "f",
    ...{ size_bytes: told.sizeBytes, file_count: told.fileCount, regions, ttl_days: told.ttl },
    ...{ uploaded_at: at(told, 0), opened_at: at(told, 0), counts_arrivals: true },
    history: next === undefined ? [first] : [first, next],
    ...Object.fromEntries(arrived),
    ...(closedHour === undefined ? {} : { closed_at: at(told, closedHour) }),
  };
}

function lifeOf(told: Told): Generation {
  const [life] = parseLedgerRow(rowOf(told)).lives;
  if (life === undefined) throw new Error("the row has no life");
  return life;
}

/** The ledger's content at a time. */
function reportAt(told: Told, until: number, book = aws, since = START): CostReport {
  const period = { since: new Date(since), until: new Date(until), label: "", cut: false };
  const reporter = new CostReporter(period, book, new Date(until));
  reporter.add(parseLedgerRow(rowOf(told)));
  return reporter.report();
}

const endOf = (told: Told): number =>
  Math.max(START, ...residenciesOf(lifeOf(told)).map(({ billedUntil }) => billedUntil.getTime()));

describe("the ledger's costs", () => {
  const moments = fc.integer({ min: 1, max: 60 * 24 });

  it("never decrease over time, in any part", () => {
    fc.assert(
      fc.property(lives, moments, moments, (told, one, other) => {
        const [early, late] = [Math.min(one, other), Math.max(one, other)].map((hours) =>
          reportAt(told, START + hours * HOUR),
        );
        for (const kind of CHARGE_KINDS) expect(late?.[kind]).to.be.at.least(early?.[kind] ?? 0);
      }),
    );
  });

  it("are zero after the end, under either prices", () => {
    fc.assert(
      fc.property(lives, moments, fc.constantFrom(...PRICE_BOOK_NAMES), (told, hours, name) => {
        const end = endOf(told) + 1;
        const book = priceBook(name);
        const later = end + hours * HOUR;
        expect(reportAt(told, later, book).total).to.equal(reportAt(told, end, book).total);
        expect(reportAt(told, later, book, end)).to.include({ total: 0, operations: 0 });
        const { single, lasting } = chargesOf(lifeOf(told), book);
        for (const charge of single) expect(charge.at.getTime()).to.be.below(end);
        for (const { from, to } of lasting) {
          expect(to.getTime()).to.be.below(end);
          expect(from.getTime()).to.be.at.most(to.getTime());
        }
      }),
    );
  });

  it("are the sum over regions, over days, over sweeps, and over two halves of the time", () => {
    fc.assert(
      fc.property(lives, moments, (told, hours) => {
        const end = endOf(told) + 1;
        const report = reportAt(told, end);
        const middle = START + hours * HOUR;
        for (const kind of CHARGE_KINDS) {
          for (const parts of [report.regions, report.days, report.sweeps, report.entries]) {
            expect(addMoney(...parts.map((part) => part[kind]))).to.equal(report[kind]);
          }
          if (middle >= end) continue;
          const halves = addMoney(reportAt(told, middle)[kind], reportAt(told, end, aws, middle)[kind]);
          // A residency in two parts is rounded twice.
          expect(Math.abs(halves - report[kind])).to.be.at.most(report.regions.length * 4);
        }
        expect(totalOf(report)).to.equal(report.total);
      }),
    );
  });

  it("equal the estimate at the end", () => {
    fc.assert(
      fc.property(lives, fc.constantFrom(...PRICE_BOOK_NAMES), (told, name) => {
        const planned = { ...told, arrivals: [0, 0, 0, 0], update: undefined, closedHour: undefined };
        const { sizeBytes, fileCount, regions } = told;
        const ttl = parseTtlDays(told.ttl);
        const uploadedAt = new Date(at(told, 0));
        const request = { sizeBytes, fileCount, regions, ttl, uploadedAt, instancesPerRegion: 1 };
        const { staging } = estimate(request, priceBook(name));
        // The guide's formula has whole days, from the upload to the expiry.
        const end = name === "aws" ? endOf(planned) : uploadedAt.getTime() + told.ttl * MS_PER_DAY;
        const report = reportAt(planned, end + (end === uploadedAt.getTime() ? 1 : 0), priceBook(name));
        for (const kind of CHARGE_KINDS) {
          // The guide's storage is rounded once for all regions.
          expect(Math.abs(staging[kind] - report[kind])).to.be.at.most(name === "aws" ? 0 : regions.length);
        }
      }),
    );
  });

  it("count noncurrent versions for one to two days, and only of expired data", () => {
    fc.assert(
      fc.property(lives, (told) => {
        for (const { kind, from, to } of chargesOf(lifeOf(told), aws).lasting) {
          if (kind !== "noncurrent") continue;
          expect(from.getTime() % MS_PER_DAY).to.equal(0);
          expect(to.getTime() - from.getTime()).to.be.within(1, 2 * MS_PER_DAY);
        }
        const guide = reportAt(told, endOf(told) + 1, priceBook("guide"));
        expect(guide).to.include({ noncurrent: 0, requests: 0 });
      }),
    );
  });
});
