import { expect } from "chai";
import fc from "fast-check";
import {
  breakEvenInstances,
  directCost,
  downloadCost,
  replicationCost,
  savings,
  stagingCost,
  storageCost,
} from "../../staging/cost.ts";
import { addMoney, toDollars } from "../../staging/money.ts";
import { GUIDE_PRICES, PRICE_BOOK_NAMES } from "../../staging/price-book.ts";
import { priceBook } from "../../staging/price-books.ts";
import { REGIONS } from "../../staging/regions.ts";
import { MS_PER_DAY } from "../../staging/ttl.ts";
import { GIB } from "../../staging/units.ts";

const TIB_50 = 50 * 1024 * GIB;

const sizes = fc.integer({ min: 0, max: TIB_50 });
/** So large that rounding to the micro-dollar cannot hide which of two costs is larger. */
const largeSizes = fc.integer({ min: 100 * GIB, max: TIB_50 });
const dayCounts = fc.integer({ min: 1, max: 90 });
const instanceCounts = fc.integer({ min: 0, max: 10_000 });
const books = fc.constantFrom(...PRICE_BOOK_NAMES.map((name) => priceBook(name)));
const regionLists = (minLength: number) => fc.shuffledSubarray([...REGIONS], { minLength });

describe("the cost model", () => {
  it("never gives a cost below zero, and nothing for an empty dataset", () => {
    fc.assert(
      fc.property(
        sizes,
        regionLists(1),
        dayCounts,
        instanceCounts,
        books,
        (bytes, regions, days, count, book) => {
          const cost = stagingCost(bytes, regions, days, book);
          const direct = directCost(bytes, regions, count, book);
          for (const amount of [...Object.values(cost), direct]) {
            expect(amount).to.be.at.least(0);
            expect(Number.isInteger(amount)).to.equal(true);
            if (bytes === 0) expect(amount).to.equal(0);
          }
        },
      ),
    );
  });

  it("never falls when the size, the days, the regions or the instances grow", () => {
    fc.assert(
      fc.property(
        fc.record({ bytes: sizes, regions: regionLists(2), days: dayCounts, count: instanceCounts }),
        fc.record({ bytes: sizes, days: fc.integer({ min: 0, max: 90 }), count: instanceCounts }),
        books,
        ({ bytes, regions, days, count }, more, book) => {
          const staged = (size: number, places: readonly string[], time: number) =>
            stagingCost(size, places, time, book).total;
          const total = staged(bytes, regions, days);
          expect(staged(bytes + more.bytes, regions, days)).to.be.at.least(total);
          expect(staged(bytes, regions, days + more.days)).to.be.at.least(total);
          expect(staged(bytes, regions.slice(0, -1), days)).to.be.at.most(total);
          const direct = directCost(bytes, regions, count, book);
          expect(directCost(bytes + more.bytes, regions, count, book)).to.be.at.least(direct);
          expect(directCost(bytes, regions, count + more.count, book)).to.be.at.least(direct);
          expect(directCost(bytes, regions.slice(0, -1), count, book)).to.be.at.most(direct);
        },
      ),
    );
  });

  it("breaks even at the crossing: staging costs more with one instance less", () => {
    fc.assert(
      fc.property(largeSizes, regionLists(2), dayCounts, books, (bytes, regions, days, book) => {
        const even = breakEvenInstances(regions, days, book) ?? Number.NaN;
        expect(even).to.be.at.least(1);
        const { total } = stagingCost(bytes, regions, days, book);
        expect(total).to.be.greaterThan(directCost(bytes, regions, even - 1, book));
        // A sum of two rounded amounts may be a micro-dollar above the exact one.
        expect(total - 1).to.be.at.most(directCost(bytes, regions, even, book));
      }),
    );
  });

  it("never breaks even in a single region", () => {
    fc.assert(
      fc.property(sizes, fc.constantFrom(...REGIONS), dayCounts, books, (bytes, region, days, book) => {
        expect(breakEvenInstances([region], days, book)).to.equal(undefined);
        const direct = directCost(bytes, [region], 1_000, book);
        expect(savings(direct, stagingCost(bytes, [region], days, book).total).share).to.equal(undefined);
      }),
    );
  });

  it("follows the guide's calculator to half a micro-dollar, and adds up exactly", () => {
    fc.assert(
      fc.property(sizes, regionLists(1), dayCounts, instanceCounts, (bytes, regions, days, count) => {
        const cost = stagingCost(bytes, regions, days, GUIDE_PRICES);
        const gb = bytes / GIB;
        const others = regions.length - 1;
        const near = 1e-6;
        expect(toDollars(cost.replication)).to.be.closeTo(gb * others * 0.02, near);
        expect(toDollars(cost.storage)).to.be.closeTo((gb * regions.length * 0.023 * days) / 30, near);
        const direct = toDollars(directCost(bytes, regions, count, GUIDE_PRICES));
        expect(direct).to.be.closeTo(gb * others * count * 0.09, near + direct * 1e-12);
        expect(cost.total).to.equal(addMoney(cost.replication, cost.storage));
      }),
    );
  });

  it("gives for intervals and single regions what their sum costs, but for the rounding of each", () => {
    fc.assert(
      fc.property(largeSizes, regionLists(2), dayCounts, books, (bytes, regions, days, book) => {
        const [primary = "", ...others] = regions;
        const cost = stagingCost(bytes, regions, days, book);
        const half = (days * MS_PER_DAY) / 2;
        const halves = regions.flatMap((region) => [
          storageCost(bytes, [region], half, book),
          storageCost(bytes, [region], half, book),
        ]);
        expect(Math.abs(addMoney(...halves) - cost.storage)).to.be.at.most(halves.length);
        const replicas = others.map((region) => replicationCost(bytes, primary, [region], book));
        expect(Math.abs(addMoney(...replicas) - cost.replication)).to.be.at.most(replicas.length);
        const downloads = regions.map((region) => downloadCost(bytes, primary, region, 7, book));
        expect(downloads[0]).to.equal(0);
        const direct = directCost(bytes, regions, 7, book);
        expect(Math.abs(addMoney(...downloads) - direct)).to.be.at.most(downloads.length);
      }),
    );
  });
});
