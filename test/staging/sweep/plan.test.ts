import { expect } from "chai";
import fc from "fast-check";
import { plannedCost } from "../../../staging/bill.ts";
import { parseDestination } from "../../../staging/destination.ts";
import { parseStagingId } from "../../../staging/ids.ts";
import { dollars, type MicroDollars, toDollars } from "../../../staging/money.ts";
import { GUIDE_PRICES } from "../../../staging/price-book.ts";
import { priceBook } from "../../../staging/price-books.ts";
import { parseRegionList, type Region } from "../../../staging/regions.ts";
import { diskGib } from "../../../staging/sweep/disk.ts";
import type { SweepEntry } from "../../../staging/sweep/entries.ts";
import { parseSweepFile } from "../../../staging/sweep/file.ts";
import { architectureOf, INSTANCE_TYPE_PATTERN } from "../../../staging/sweep/instance-types.ts";
import { sweepParameters } from "../../../staging/sweep/parameters.ts";
import { planSweep, type SweepPlanInput } from "../../../staging/sweep/plan.ts";
import { workersOf } from "../../../staging/sweep/workers.ts";
import { parseTtlDays } from "../../../staging/ttl.ts";
import { GIB } from "../../../staging/units.ts";
import { refusalOf } from "../refusal.ts";

const NOW = new Date("2026-11-10T12:00:00Z");
const entry: SweepEntry = {
  stagingId: parseStagingId("stage-abc123def456"),
  regions: parseRegionList("us-east-1,us-west-2"),
  sizeBytes: 100 * GIB,
  fileCount: 1,
  destination: parseDestination("/mnt/data/x"),
  uploadedAt: NOW,
  ttl: parseTtlDays(7),
};

const plan = (text: string, more: Partial<SweepPlanInput> = {}) =>
  planSweep({
    parameters: sweepParameters(parseSweepFile(`${text}\nbase_command: x`, "sweep.yaml"), undefined),
    entries: [entry],
    now: NOW,
    hourOf: priceBook("aws").instanceHour,
    prices: GUIDE_PRICES,
    command: (text) => `${text} --environment test`,
    ...more,
  });

describe("the plan of a sweep", () => {
  it("has workers, sizes, prices and the savings of the guide", () => {
    const found = plan("count: 20\ninstance_type: p3.2xlarge");
    expect(found.regions).to.deep.equal([
      {
        region: "us-east-1",
        start: 0,
        end: 10,
        workers: 10,
        hour: { least: dollars(3.06), most: dollars(3.06) },
      },
      {
        region: "us-west-2",
        start: 10,
        end: 20,
        workers: 10,
        hour: { least: dollars(3.06), most: dollars(3.06) },
      },
    ]);
    expect(found).to.deep.include({
      workers: 20,
      architecture: "x86_64",
      dataBytes: 100 * GIB,
      diskGib: 126,
      hour: { least: dollars(61.2), most: dollars(61.2) },
      deadlineSeconds: 86_400,
      shortened: false,
      maxCost: dollars(1468.8),
    });
    // The guide: ten instances in the second region download 100 GB directly for $90.00; staged for $3.07.
    expect(toDollars(found.savings.direct)).to.equal(90);
    expect(toDollars(found.savings.staged)).to.be.closeTo(3.07, 0.005);
    expect(found.savings.share).to.be.closeTo(0.966, 0.0005);
  });

  it("includes AWS's charges for staging with AWS's prices, like the estimate", () => {
    const prices = priceBook("aws");
    const { savings } = plan("count: 20", { prices });
    const charged = plannedCost({ ...entry, ttl: parseTtlDays(7) }, prices);
    expect(charged.noncurrent).to.be.above(0);
    expect(charged.requests).to.be.above(0);
    expect(savings.staged).to.equal(charged.total);
  });

  it("takes the dearest of several types as the bound, and divides the workers by indices", () => {
    const found = plan(
      "instance_types: [m5.xlarge, m5a.xlarge]\nregions: {us-east-1: 30, us-west-2: 10}\nmax_concurrent: 4",
    );
    expect(found.regions.map(({ workers }) => workers)).to.deep.equal([3, 1]);
    expect(found.hour).to.deep.equal({ least: dollars(4 * 0.172), most: dollars(4 * 0.192) });
  });

  it("counts one download for each worker, not for each index", () => {
    const { savings } = plan("count: 1000\nmax_concurrent: 20");
    expect(toDollars(savings.direct)).to.equal(90);
  });

  it("prefers the region in which an instance is cheapest", () => {
    const found = plan("count: 5\ndistribution: cheapest\nregions: [us-west-2, us-east-1]", {
      hourOf: (_type, region) => dollars(region === "us-east-1" ? 0.1 : 0.2),
    });
    expect(found.regions.map(({ region, start, end }) => [region, start, end])).to.deep.equal([
      ["us-east-1", 0, 5],
    ]);
  });

  it("ranks regions by the spot prices of the moment, and limits by the list prices", () => {
    const found = plan("count: 5\ndistribution: cheapest\nregions: [us-west-2, us-east-1]\nmax_cost: 3", {
      hourOf: (_type, region) => dollars(region === "us-east-1" ? 0.1 : 0.2),
      spotHourOf: (_type, region) => dollars(region === "us-east-1" ? 0.06 : 0.05),
    });
    expect(found.regions.map(({ region, spotHour }) => [region, spotHour?.most])).to.deep.equal([
      ["us-west-2", dollars(0.05)],
    ]);
    expect(found.spotHour).to.deep.equal({ least: dollars(0.25), most: dollars(0.25) });
    expect(found).to.include({ deadlineSeconds: 3 * 3_600, maxCost: dollars(3) });
  });

  it("ranks by list prices if a spot price is unknown", () => {
    const found = plan("count: 5\ndistribution: cheapest\nregions: [us-west-2, us-east-1]", {
      hourOf: (_type, region) => dollars(region === "us-east-1" ? 0.1 : 0.2),
      spotHourOf: (_type, region) => (region === "us-east-1" ? undefined : dollars(0.05)),
    });
    expect(found.regions.map(({ region }) => region)).to.deep.equal(["us-east-1"]);
    expect(found).not.to.have.property("spotHour");
  });

  it("needs the data only in regions that have indices", () => {
    const found = plan("count: 5\ndistribution: cheapest\nregions: [us-west-2, eu-west-1]", {
      hourOf: (_type, region) => dollars(region === "us-west-2" ? 0.1 : 0.2),
    });
    expect(found.regions).to.have.length(1);
    expect(refusalOf(() => plan("count: 5\nregions: [us-west-2, eu-west-1]")).fix).to.equal(
      "spawn stage update stage-abc123def456 --regions us-east-1,us-west-2,eu-west-1 --environment test",
    );
  });

  it("shortens the deadline by max_cost, and checks the TTL against the shorter one", () => {
    const found = plan("count: 2\nmax_cost: 0.50\ndeadline: 30d", {});
    expect(found).to.include({ shortened: true, deadlineSeconds: Math.floor((0.5 / 0.384) * 3_600) });
    expect(found.maxCost).to.be.at.most(dollars(0.5));
    expect(refusalOf(() => plan("count: 2\ndeadline: 30d")).fix).to.equal(
      "spawn stage update stage-abc123def456 --ttl 31 --environment test",
    );
    expect(plan("count: 2\nmax_cost: 1000")).to.include({ shortened: false, deadlineSeconds: 86_400 });
  });

  it("never costs more than max_cost", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 100_000_000 }),
        (cents, count, price) => {
          const run = () =>
            plan(`count: ${count}\nmax_cost: ${(cents / 100).toFixed(2)}`, {
              hourOf: () => price as MicroDollars,
            });
          const affordable = (cents * 10_000 * 3_600) / (count * price);
          if (affordable < 59.9) return void refusalOf(run);
          if (affordable < 60.1) return;
          expect(run().maxCost).to.be.at.most(cents * 10_000);
        },
      ),
    );
  });

  for (const [text, message] of [
    ["count: 2\nmax_cost: 0.001", "max_cost: <$0.01 pays for less than a minute"],
    ["count: 2\nmax_concurrent: 1", "max_concurrent: 1 is too small for 2 regions"],
    ["count: 2\ndisk: 100 GB", "disk: 100.0 GB is too small for 100.0 GB of data"],
  ] as const) {
    it(`is refused: ${text.replaceAll("\n", ", ")}`, () => {
      expect(refusalOf(() => plan(text)).message).to.equal(message);
    });
  }

  it("is refused for a type, or a region of it, whose price is unknown", () => {
    for (const text of [
      "count: 2\ninstance_type: x9.large",
      "regions: [us-west-1]\ninstance_type: p3.2xlarge",
    ]) {
      const { message, fix } = refusalOf(() => plan(text));
      expect(message).to.contain("the price book of AWS has no price for instances of type");
      expect(fix).to.match(/^Use one of the types c5.xlarge, .*, in a region that offers it.$/);
    }
  });

  it("needs no data if the file names regions", () => {
    const found = plan("count: 3\nregions: [eu-west-1]", { entries: [] });
    expect(found).to.include({ dataBytes: 0, diskGib: 16 });
    expect(found.savings).to.include({ direct: 0, staged: 0, share: undefined });
    expect(refusalOf(() => plan("count: 3", { entries: [] })).message).to.equal("the sweep has no region");
  });
});

describe("the workers of regions", () => {
  it("are all that are allowed, one at least in each region and no more than its indices", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 11 });
    fc.assert(
      fc.property(sizes, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
        const sum = all.reduce((total, size) => total + size, 0);
        const total = all.length + Math.floor((sum - all.length) * share);
        const ranges = all.map((size) => ({ region: "us-east-1" as Region, start: 0, end: size }));
        const workers = workersOf(total, ranges);
        expect(workers.reduce((found, one) => found + one, 0)).to.equal(total);
        for (const [place, one] of workers.entries()) expect(one).to.be.within(1, all[place] ?? 0);
      }),
    );
  });
});

describe("the disk of a worker", () => {
  for (const [data, gib] of [
    [0, 16],
    [1, 17],
    [10 * GIB, 27],
    [100 * GIB, 126],
    [1024 * GIB, 1143],
  ] as const) {
    it(`has ${gib} GiB for ${data} bytes of data`, () => {
      expect(diskGib(data, undefined)).to.equal(gib);
    });
  }

  it("has the size that the user chose, in whole GiB", () => {
    expect(diskGib(GIB, 9.5 * GIB)).to.equal(10);
    expect(refusalOf(() => diskGib(2 * GIB, 9.5 * GIB)).fix).to.equal("Leave disk out, or write disk: 19 GB");
    expect(refusalOf(() => diskGib(16_000 * GIB, undefined)).message).to.contain("do not fit on a volume");
  });
});

describe("an instance type", () => {
  for (const [type, architecture] of [
    ["m5.xlarge", "x86_64"],
    ["p3.2xlarge", "x86_64"],
    ["g4dn.xlarge", "x86_64"],
    ["p5.48xlarge", "x86_64"],
    ["u-6tb1.112xlarge", "x86_64"],
    ["m7i-flex.large", "x86_64"],
    ["m7i.metal-24xl", "x86_64"],
    ["trn1.2xlarge", "x86_64"],
    ["mac1.metal", "x86_64"],
    ["t4g.nano", "arm64"],
    ["m6g.large", "arm64"],
    ["c7gn.16xlarge", "arm64"],
    ["im4gn.large", "arm64"],
    ["is4gen.xlarge", "arm64"],
    ["g5g.xlarge", "arm64"],
    ["a1.medium", "arm64"],
  ] as const) {
    it(`has the architecture ${architecture}: ${type}`, () => {
      expect(type).to.match(new RegExp(INSTANCE_TYPE_PATTERN));
      expect(architectureOf(type)).to.equal(architecture);
    });
  }
});
