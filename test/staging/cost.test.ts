import { expect } from "chai";
import fc from "fast-check";
import { directCost, savings, stagingCost } from "../../staging/cost.ts";
import { addMoney, formatMoney, toDollars } from "../../staging/money.ts";
import { GUIDE_PRICES } from "../../staging/price-book.ts";
import { REGIONS } from "../../staging/regions.ts";
import { GIB } from "../../staging/units.ts";

const first = (count: number) => REGIONS.slice(0, count);

describe("costs", () => {
  /** The guide's examples, with the sums that its own calculator gives. */
  const EXAMPLES = [
    {
      gb: 100,
      regions: 2,
      instances: 10,
      replication: "$2.00",
      storage: "$1.07",
      staged: "$3.07",
      direct: "$90.00",
      saved: "$86.93",
      percent: "96.6",
    },
    {
      gb: 10,
      regions: 2,
      instances: 5,
      replication: "$0.20",
      storage: "$0.11",
      staged: "$0.31",
      direct: "$4.50",
      saved: "$4.19",
      percent: "93.2",
    },
    {
      gb: 100,
      regions: 3,
      instances: 20,
      replication: "$4.00",
      storage: "$1.61",
      staged: "$5.61",
      direct: "$360.00",
      saved: "$354.39",
      percent: "98.4",
    },
    {
      gb: 1000,
      regions: 4,
      instances: 100,
      replication: "$60.00",
      storage: "$21.47",
      staged: "$81.47",
      direct: "$27,000.00",
      saved: "$26,918.53",
      percent: "99.7",
    },
  ] as const;

  for (const example of EXAMPLES) {
    const { gb, regions, instances } = example;
    it(`of ${gb} GB in ${regions} regions for 7 days, with ${instances} instances a region`, () => {
      const staged = stagingCost(gb * GIB, first(regions), 7, GUIDE_PRICES);
      const direct = directCost(gb * GIB, first(regions), instances, GUIDE_PRICES);
      const { saved, share } = savings(direct, staged.total);
      expect({
        replication: formatMoney(staged.replication),
        storage: formatMoney(staged.storage),
        staged: formatMoney(staged.total),
        direct: formatMoney(direct),
        saved: formatMoney(saved),
        percent: ((share ?? 0) * 100).toFixed(1),
      }).to.include({
        replication: example.replication,
        storage: example.storage,
        staged: example.staged,
        direct: example.direct,
        saved: example.saved,
        percent: example.percent,
      });
    });
  }

  it("are $0.153 a day for 100 GB in two regions, and 30 days are 6.90 more than none", () => {
    expect(toDollars(stagingCost(100 * GIB, first(2), 7, GUIDE_PRICES).storagePerDay)).to.equal(0.153333);
    expect(formatMoney(stagingCost(100 * GIB, first(2), 30, GUIDE_PRICES).storage)).to.equal("$4.60");
    expect(formatMoney(stagingCost(100 * GIB, first(3), 30, GUIDE_PRICES).storage)).to.equal("$6.90");
  });

  it("are nothing for an empty file, and no replication in one region", () => {
    expect(stagingCost(0, first(3), 90, GUIDE_PRICES)).to.deep.equal({
      replication: 0,
      storage: 0,
      storagePerDay: 0,
      total: 0,
    });
    expect(stagingCost(GIB, first(1), 7, GUIDE_PRICES).replication).to.equal(0);
  });

  it("have no share of savings where direct downloads cost nothing, and a negative one where staging costs more", () => {
    const { total } = stagingCost(GIB, first(1), 7, GUIDE_PRICES);
    expect(savings(directCost(GIB, first(1), 10, GUIDE_PRICES), total).share).to.equal(undefined);
    const { saved, share } = savings(
      directCost(GIB, first(2), 1, GUIDE_PRICES),
      stagingCost(GIB, first(2), 90, GUIDE_PRICES).total,
    );
    expect(formatMoney(saved)).to.equal("-$0.07");
    expect(share).to.be.lessThan(0);
  });

  it("follow the guide's calculator to half a micro-dollar, and add up exactly", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 50 * 1024 * GIB }),
        fc.integer({ min: 1, max: 11 }),
        fc.integer({ min: 1, max: 90 }),
        (bytes, regions, days) => {
          const cost = stagingCost(bytes, first(regions), days, GUIDE_PRICES);
          const gb = bytes / GIB;
          expect(toDollars(cost.replication)).to.be.closeTo(gb * (regions - 1) * 0.02, 1e-6);
          expect(toDollars(cost.storage)).to.be.closeTo((gb * regions * 0.023 * days) / 30, 1e-6);
          expect(cost.total).to.equal(addMoney(cost.replication, cost.storage));
        },
      ),
    );
  });
});
