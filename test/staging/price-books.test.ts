import { expect } from "chai";
import { GUIDE_PRICES, PRICE_BOOK_NAMES, parsePriceBookName } from "../../staging/price-book.ts";
import { awsPriceBook, parseAwsPrices } from "../../staging/price-book-aws.ts";
import { priceBook } from "../../staging/price-books.ts";
import prices from "../../staging/prices/aws.json" with { type: "json" };
import { REGIONS } from "../../staging/regions.ts";
import { refusalOf } from "./refusal.ts";

const aws = priceBook("aws");

/** The file's contents with `change` made to a copy. */
function changed(change: (copy: typeof prices) => unknown): unknown {
  const copy = structuredClone(prices);
  change(copy);
  return copy;
}

describe("price books", () => {
  it("are known by name", () => {
    for (const name of PRICE_BOOK_NAMES) {
      expect(priceBook(name).name).to.equal(name);
      expect(parsePriceBookName(name)).to.equal(name);
    }
    expect(priceBook("guide")).to.equal(GUIDE_PRICES);
    const { message, why } = refusalOf(() => parsePriceBookName("azure"));
    expect(message).to.equal('"azure" is not a price book');
    expect(why).to.equal("There are guide and aws.");
  });

  it("name for every figure of AWS its page, its date and the public copy", () => {
    const sections = Object.entries(parseAwsPrices(prices));
    expect(sections.map(([name]) => name)).to.have.members(Object.keys(prices));
    for (const [name, { source }] of sections) {
      expect(source.page, name).to.match(
        /^https:\/\/(aws\.amazon\.com|pricing\.us-east-1\.amazonaws\.com)\//,
      );
      for (const url of source.via) {
        expect(url, name).to.match(/^https:\/\/github\.com\/[^/]+\/[^/]+\/blob\/[0-9a-f]{40}\//);
      }
      const date = new Date(source.date);
      expect(date.toISOString().slice(0, 10), name).to.equal(source.date);
      expect(date.getTime(), name).to.be.at.most(Date.now());
    }
  });

  it("have AWS's price of storage in every region, and of transfers between every two", () => {
    for (const from of REGIONS) {
      expect(aws.storagePerGbMonth(from)).to.be.within(20_000, 30_000);
      expect(aws.requestsPer1000(from).put).to.be.within(4_000, 6_000);
      expect(aws.requestsPer1000(from).get).to.be.within(300, 500);
      for (const to of REGIONS) {
        if (to === from) continue;
        expect(aws.replicationPerGb(from, to)).to.be.within(10_000, 100_000);
        expect(aws.downloadPerGb(from, to)).to.equal(aws.replicationPerGb(from, to));
      }
    }
  });

  it("have the figures that their sources have", () => {
    expect(aws.storagePerGbMonth("eu-central-1")).to.equal(24_500);
    expect(aws.replicationPerGb("us-east-1", "us-east-2")).to.equal(10_000);
    expect(aws.replicationPerGb("ap-southeast-2", "us-east-1")).to.equal(98_000);
    expect(aws.requestsPer1000("ap-northeast-1")).to.deep.equal({ put: 4_700, get: 370 });
    expect(aws.instanceHour("p3.2xlarge", "eu-west-1")).to.equal(3_305_000);
    expect(aws.instanceTypes).to.include("c5.xlarge");
  });

  it("refuse missing prices of AWS's book", () => {
    for (const [ask, what] of [
      [() => aws.storagePerGbMonth("sa-east-1"), "storage in sa-east-1"],
      [() => aws.replicationPerGb("us-east-1", "us-east-1"), "transfers from us-east-1 to us-east-1"],
      [() => aws.downloadPerGb("sa-east-1", "us-east-1"), "transfers from sa-east-1"],
      [() => aws.downloadPerGb("constructor", "us-east-1"), "transfers from constructor"],
      [() => aws.requestsPer1000("sa-east-1"), "requests in sa-east-1"],
      [() => aws.instanceHour("p3.2xlarge", "us-west-1"), "instances of type p3.2xlarge in us-west-1"],
      [() => aws.instanceHour("x9.mini", "us-east-1"), "instances of type x9.mini"],
    ] as const) {
      expect(refusalOf(ask).message).to.equal(`the price book of AWS has no price for ${what}`);
    }
  });

  it("are checked when they are loaded", () => {
    for (const [data, message] of [
      [null, "prices must be a mapping"],
      [{}, "storagePerGbMonth is missing"],
      [
        changed((copy) => Object.assign(copy.transferPerGb.source, { date: "2023" })),
        "transferPerGb.source.date is not valid",
      ],
      [
        changed((copy) => Object.assign(copy.requestsPer1000.source, { via: [] })),
        "requestsPer1000.source.via is empty",
      ],
      [
        changed((copy) => Object.assign(copy.instanceHour.source, { page: "" })),
        "instanceHour.source.page is not valid",
      ],
      [
        changed((copy) => Object.assign(copy.storagePerGbMonth.prices, { "us-east-1": "0.023" })),
        "storagePerGbMonth.prices.us-east-1 must be a price",
      ],
      [
        changed((copy) => Object.assign(copy.requestsPer1000.prices["us-east-1"], { get: -1 })),
        "requestsPer1000.prices.us-east-1.get must be a price",
      ],
      [changed((copy) => Object.assign(copy.instanceHour, { prices: {} })), "instanceHour.prices is empty"],
      [
        changed((copy) => Object.assign(copy.instanceHour, { prices: [] })),
        "instanceHour.prices must be a mapping",
      ],
    ] as const) {
      expect(() => parseAwsPrices(data)).to.throw(TypeError, message);
    }
    expect(awsPriceBook(parseAwsPrices(prices)).sources?.transferPerGb.date).to.equal("2024-09-25");
  });
});
