import { expect } from "chai";
import { breakEvenInstances, directCost, savings, stagingCost } from "../../staging/cost.ts";
import { formatMoney, toDollars } from "../../staging/money.ts";
import { GUIDE_PRICES } from "../../staging/price-book.ts";
import { priceBook } from "../../staging/price-books.ts";
import { REGIONS } from "../../staging/regions.ts";
import { GIB } from "../../staging/units.ts";
import { refusalOf } from "./refusal.ts";

const first = (count: number) => REGIONS.slice(0, count);

describe("costs", () => {
  /** The guide's examples, with the sums of its calculator. */
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
      noncurrent: 0,
      requests: 0,
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

  // The guide's table "Break-Even Analysis".
  for (const [gb, regions] of [
    [10, 2],
    [50, 2],
    [100, 2],
    [100, 3],
    [500, 3],
  ] as const) {
    it(`are no higher than direct downloads from 1 instance per region on, for ${gb} GB in ${regions} regions`, () => {
      expect(breakEvenInstances(first(regions), 7, GUIDE_PRICES)).to.equal(1);
      const { total } = stagingCost(gb * GIB, first(regions), 7, GUIDE_PRICES);
      expect(directCost(gb * GIB, first(regions), 1, GUIDE_PRICES)).to.be.at.least(total);
    });
  }

  it("break even later with long storage, and with AWS's lower transfer prices", () => {
    const aws = priceBook("aws");
    expect(breakEvenInstances(["us-east-1", "us-west-2"], 90, GUIDE_PRICES)).to.equal(2);
    expect(breakEvenInstances(["us-east-1", "us-west-2"], 7, aws)).to.equal(2);
    expect(breakEvenInstances(["us-east-1", "us-east-2"], 7, aws)).to.equal(3);
    expect(breakEvenInstances(["us-east-1"], 7, aws)).to.equal(undefined);
  });

  it("differ by region and by direction under AWS's prices", () => {
    const aws = priceBook("aws");
    const cost = (...regions: string[]) => {
      const { replication, storage } = stagingCost(100 * GIB, regions, 30, aws);
      return [formatMoney(replication), formatMoney(storage)];
    };
    expect(cost("us-east-1", "ap-south-1")).to.deep.equal(["$2.00", "$4.80"]);
    expect(cost("ap-south-1", "us-east-1")).to.deep.equal(["$8.60", "$4.80"]);
    expect(cost("us-west-1", "us-east-1", "us-east-2")).to.deep.equal(["$4.00", "$7.20"]);
  });

  it("refuse amounts above what is exact, and regions that a book lacks", () => {
    const many = refusalOf(() => directCost(8_000_000 * GIB, first(11), 1_000_000, GUIDE_PRICES));
    expect(many.message).to.equal("an amount is above eight billion dollars");
    const lacking = refusalOf(() => stagingCost(GIB, ["us-east-1", "sa-east-1"], 7, priceBook("aws")));
    expect(lacking.message).to.equal(
      "the price book of AWS has no price for transfers from us-east-1 to sa-east-1",
    );
    expect(lacking.exitCode).to.equal(2);
  });
});
