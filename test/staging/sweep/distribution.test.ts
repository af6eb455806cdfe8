import { expect } from "chai";
import fc from "fast-check";
import { dollars } from "../../../staging/money.ts";
import { REGIONS, type Region } from "../../../staging/regions.ts";
import { apportion } from "../../../staging/sweep/apportion.ts";
import { distribute } from "../../../staging/sweep/distribution.ts";
import type { Distribution } from "../../../staging/sweep/keys.ts";
import { refusalOf } from "../refusal.ts";

const [A, B, C] = ["us-east-1", "us-west-2", "eu-west-1"] as Region[] as [Region, Region, Region];
const PRICES: ReadonlyMap<Region, number> = new Map([
  [A, 0.3],
  [B, 0.1],
  [C, 0.2],
]);
const priceOf = (region: Region) => dollars(PRICES.get(region) ?? 1);

/** The ranges of the regions, which may have counts. */
const counts = (
  count: number,
  distribution: Distribution,
  regions: readonly Region[] | Partial<Record<Region, number>>,
) =>
  distribute({
    ...{ count, distribution, priceOf },
    regions: Array.isArray(regions)
      ? regions.map((region: Region) => ({ region, count: undefined }))
      : Object.entries(regions).map(([region, limit]) => ({ region: region as Region, count: limit })),
  }).map(({ region, start, end }) => `${region} ${start}-${end}`);

describe("the distribution of a sweep", () => {
  for (const [title, found, expected] of [
    [
      "even, without a rest",
      counts(6, "even", [A, B, C]),
      ["us-east-1 0-2", "us-west-2 2-4", "eu-west-1 4-6"],
    ],
    [
      "even: earlier regions get more",
      counts(100, "even", [A, B, C]),
      ["us-east-1 0-34", "us-west-2 34-67", "eu-west-1 67-100"],
    ],
    [
      "even: regions without an index are left out",
      counts(2, "even", [A, B, C]),
      ["us-east-1 0-1", "us-west-2 1-2"],
    ],
    [
      "proportional, by the counts",
      counts(50, "proportional", { [A]: 20, [B]: 30 }),
      ["us-east-1 0-20", "us-west-2 20-50"],
    ],
    [
      "proportional, by the largest remainder",
      counts(10, "proportional", { [A]: 1, [B]: 1, [C]: 4 }),
      ["us-east-1 0-2", "us-west-2 2-4", "eu-west-1 4-10"],
    ],
    ["cheapest, without limits", counts(9, "cheapest", [A, B, C]), ["us-west-2 0-9"]],
    [
      "cheapest, with limits: in the order of the file",
      counts(9, "cheapest", { [A]: 9, [B]: 4, [C]: 3 }),
      ["us-east-1 0-2", "us-west-2 2-6", "eu-west-1 6-9"],
    ],
  ] as const) {
    it(`is ${title}`, () => {
      expect(found).to.deep.equal(expected);
    });
  }

  it("takes the first of regions with one price", () => {
    const found = distribute({
      count: 3,
      distribution: "cheapest",
      regions: [A, B].map((region) => ({ region, count: 2 })),
      priceOf: () => dollars(1),
    });
    expect(found).to.deep.equal([
      { region: A, start: 0, end: 2 },
      { region: B, start: 2, end: 3 },
    ]);
  });

  it("is refused if the regions' limits are too small", () => {
    const { message } = refusalOf(() => counts(9, "cheapest", { [A]: 4, [B]: 4 }));
    expect(message).to.equal("the regions' limits allow 8 of 9 indices");
  });

  const inputs = fc.record({
    count: fc.integer({ min: 1, max: 100_000 }),
    distribution: fc.constantFrom<Distribution>("even", "proportional", "cheapest"),
    regions: fc.shuffledSubarray([...REGIONS], { minLength: 1 }),
    weights: fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 11, maxLength: 11 }),
    prices: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 11, maxLength: 11 }),
  });
  const run = ({
    count,
    distribution,
    regions,
    weights,
    prices,
  }: typeof inputs extends fc.Arbitrary<infer T> ? T : never) =>
    distribute({
      count,
      distribution,
      regions: regions.map((region, place) => ({
        region,
        count: distribution === "proportional" ? weights[place] : undefined,
      })),
      priceOf: (region) => dollars(prices[REGIONS.indexOf(region)] ?? 1),
    });

  it("gives each index to exactly one region, in contiguous ranges, and the same every time", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const ranges = run(input);
        let next = 0;
        for (const { start, end } of ranges) {
          expect(start).to.equal(next);
          expect(end).to.be.greaterThan(start);
          next = end;
        }
        expect(next).to.equal(input.count);
        expect(run(input)).to.deep.equal(ranges);
        const order = ranges.map(({ region }) => input.regions.indexOf(region));
        expect(order).to.deep.equal(order.toSorted((a, b) => a - b));
      }),
    );
  });

  it("differs by one at most when it is even", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const sizes = run({ ...input, distribution: "even" }).map(({ start, end }) => end - start);
        const least = sizes.length < input.regions.length ? 0 : Math.min(...sizes);
        expect(Math.max(...sizes) - least).to.be.at.most(1);
        expect(sizes).to.deep.equal(sizes.toSorted((a, b) => b - a));
      }),
    );
  });

  it("is within one of the exact share when it is proportional, and exact where the counts sum to it", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100_000 }),
        fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 11 }),
        (total, weights) => {
          const sum = weights.reduce((all, weight) => all + weight, 0);
          fc.pre(sum > 0);
          const shares = apportion(total, weights);
          expect(shares.reduce((all, share) => all + share, 0)).to.equal(total);
          for (const [place, share] of shares.entries()) {
            expect(Math.abs(share - (total * (weights[place] ?? 0)) / sum)).to.be.lessThan(1);
          }
          expect(apportion(sum, weights)).to.deep.equal(weights);
        },
      ),
    );
  });

  it("never leaves a cheaper region with room when it is cheapest", () => {
    fc.assert(
      fc.property(inputs, ({ prices, ...input }) => {
        const [only, ...others] = run({ ...input, prices, distribution: "cheapest" });
        expect(others).to.have.length(0);
        const price = (region: Region | undefined) => prices[REGIONS.indexOf(region ?? A)] ?? 1;
        expect(price(only?.region)).to.equal(Math.min(...input.regions.map(price)));
      }),
    );
  });
});
