import { expect } from "chai";
import {
  alternative,
  estimate,
  parseInstances,
  parseSizeGb,
  toEstimateMetadata,
} from "../../../../cli/services/cost/estimate.ts";
import { GUIDE_PRICES } from "../../../../staging/price-book.ts";
import { awsPriceBook, parseAwsPrices } from "../../../../staging/price-book-aws.ts";
import { priceBook } from "../../../../staging/price-books.ts";
import prices from "../../../../staging/prices/aws.json" with { type: "json" };
import { parseRegionList } from "../../../../staging/regions.ts";
import { parseTtlDays } from "../../../../staging/ttl.ts";
import { GIB } from "../../../../staging/units.ts";
import { refusalOf } from "../../../staging/refusal.ts";

const request = (gb: number, instancesPerRegion: number, regions = "us-east-1,us-west-2", ttl = 7) => ({
  sizeBytes: Math.round(gb * GIB),
  regions: parseRegionList(regions),
  instancesPerRegion,
  ttl: parseTtlDays(ttl),
});

describe("an estimate", () => {
  it("interprets a size in GB of 2^30 bytes, rounded to whole bytes", () => {
    for (const [text, bytes] of [
      ["100", 107_374_182_400],
      ["0.5", 536_870_912],
      [" .25 ", 268_435_456],
      ["1.1", 1_181_116_006],
      ["2.", 2_147_483_648],
      ["0.000000001", 1],
    ] as const) {
      expect(parseSizeGb(text)).to.equal(bytes);
    }
    for (const text of [
      "",
      "0",
      "-1",
      "ten",
      "1e3",
      "100GB",
      "1,000",
      "0.0000000001",
      "9999999",
      "Infinity",
    ]) {
      expect(refusalOf(() => parseSizeGb(text)).message).to.equal(`"${text}" is not a size in GB`);
    }
  });

  it("requires a whole number of instances", () => {
    expect([parseInstances("1"), parseInstances(" 10 "), parseInstances("1000000")]).to.deep.equal([
      1, 10, 1_000_000,
    ]);
    for (const text of ["", "0", "-5", "1.5", "1e3", "many", "1000001"]) {
      expect(refusalOf(() => parseInstances(text)).message).to.equal(
        `"${text}" is not a number of instances`,
      );
    }
  });

  // The guide's table of sizes.
  for (const [gb, recommendation] of [
    [0.5, "skip"],
    [1, "optional"],
    [9.9, "optional"],
    [10, "recommended"],
    [99, "recommended"],
    [100, "highly-recommended"],
    [1024, "highly-recommended"],
    [1025, "required"],
  ] as const) {
    it(`recommends "${recommendation}" for ${gb} GB`, () => {
      expect(estimate(request(gb, 10), GUIDE_PRICES).recommendation).to.equal(recommendation);
    });
  }

  it("never recommends a loss, whatever the size", () => {
    for (const gb of [0.5, 5, 50, 500, 5000]) {
      expect(estimate(request(gb, 1), priceBook("aws")).recommendation).to.equal("skip");
      expect(estimate(request(gb, 10, "eu-west-1"), GUIDE_PRICES).recommendation).to.equal("skip");
    }
  });

  it("has the guide's figures for the guide's example, and those of AWS's list prices", () => {
    const guide = estimate(request(100, 10), GUIDE_PRICES);
    const metadata = toEstimateMetadata(guide, alternative(request(100, 10), priceBook("aws")));
    expect(metadata).to.deep.equal({
      size_bytes: 107_374_182_400,
      size_gb: 100,
      regions: ["us-east-1", "us-west-2"],
      instances_per_region: 10,
      ttl_days: 7,
      prices: "guide",
      direct_cost: 90,
      replication_cost: 2,
      storage_cost: 1.073333,
      staging_cost: 3.073333,
      savings: 86.926667,
      savings_share: 86_926_667 / 90_000_000,
      break_even_instances: 1,
      recommendation: "highly-recommended",
      aws_savings: 16.509239,
      aws_savings_share: 16_509_239 / 20_000_000,
      aws_break_even_instances: 2,
      noncurrent_cost: 0,
      request_cost: 0,
    });
  });

  it("reports a price that the other book lacks, and omits its figures", () => {
    const copy = structuredClone(prices) as { transferPerGb: { prices: Record<string, unknown> } };
    delete copy.transferPerGb.prices["us-east-1"];
    const other = alternative(request(100, 10), awsPriceBook(parseAwsPrices(copy)));
    expect(other).to.deep.equal({
      missing: "the price book of AWS has no price for transfers from us-east-1",
    });
    expect(toEstimateMetadata(estimate(request(100, 10), GUIDE_PRICES), other)).to.include({
      savings: 86.926667,
      aws_savings: null,
      aws_savings_share: null,
      aws_break_even_instances: null,
    });
  });
});
