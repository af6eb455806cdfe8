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
  for (const [gb, regions, instances, ...sums] of [
    [100, 2, 10, "$2.00", "$1.07", "$3.07", "$90.00", "$86.93", "96.6"],
    [10, 2, 5, "$0.20", "$0.11", "$0.31", "$4.50", "$4.19", "93.2"],
    [100, 3, 20, "$4.00", "$1.61", "$5.61", "$360.00", "$354.39", "98.4"],
    [1000, 4, 100, "$60.00", "$21.47", "$81.47", "$27,000.00", "$26,918.53", "99.7"],
  ] as const) {
    it(`of ${gb} GB in ${regions} regions for 7 days, with ${instances} instances a region`, () => {
      const { replication, storage, total } = stagingCost(gb * GIB, first(regions), 7, GUIDE_PRICES);
      const direct = directCost(gb * GIB, first(regions), instances, GUIDE_PRICES);
      const { saved, share } = savings(direct, total);
      const percent = ((share ?? 0) * 100).toFixed(1);
      const found = [replication, storage, total, direct, saved].map(formatMoney);
      expect([...found, percent]).to.deep.equal(sums);
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
