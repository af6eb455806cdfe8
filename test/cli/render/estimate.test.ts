import { expect } from "chai";
import fc from "fast-check";
import { parse, stringify } from "yaml";
import { renderEstimate, renderEstimateCsv } from "../../../cli/render/estimate.ts";
import {
  type Alternative,
  alternative,
  type EstimatedSource,
  type EstimateRequest,
  estimate,
  toEstimateMetadata,
} from "../../../cli/services/cost/estimate.ts";
import { EXCLUDED_CHARGES } from "../../../staging/excluded-charges.ts";
import { dollars, formatMoney } from "../../../staging/money.ts";
import { PRICE_BOOK_NAMES, type PriceBookName } from "../../../staging/price-book.ts";
import { priceBook } from "../../../staging/price-books.ts";
import { parseRegionList, REGIONS } from "../../../staging/regions.ts";
import { parseTtlDays } from "../../../staging/ttl.ts";
import { GIB } from "../../../staging/units.ts";
import { parseCsv } from "../csv.ts";

const request = (gb: number, instancesPerRegion: number, regions: string, ttl = 7): EstimateRequest => ({
  sizeBytes: Math.round(gb * GIB),
  regions: parseRegionList(regions),
  instancesPerRegion,
  ttl: parseTtlDays(ttl),
});

function rendered(
  asked: EstimateRequest,
  {
    prices = "guide",
    aws,
    source,
  }: { prices?: PriceBookName; aws?: Alternative; source?: EstimatedSource } = {},
): string {
  const other = aws ?? alternative(asked, priceBook("aws"));
  return renderEstimate({ estimate: estimate(asked, priceBook(prices)), aws: other, source, columns: 60 });
}

describe("the estimate", () => {
  it("has the guide's lines, a chart, and a line about AWS's list prices", () => {
    expect(rendered(request(100, 10, "us-east-1,us-west-2"))).to.equal(`Dataset: 100 GB
Instances: 10 per region
Regions: 2 (us-east-1, us-west-2)

Scenario A: Direct Downloads (No Staging)
  Cross-region transfers: 100GB × 1 region × 10 instances = 1,000 GB
  Cost: 1,000 GB × $0.09/GB = $90.00

Scenario B: Data Staging
  Replication: 100GB × 1 region × $0.02/GB = $2.00
  Storage (7 days): 100GB × 2 regions × $0.023/GB/month × (7/30) = $1.07
  Downloads (within region): FREE
  Total: $3.07

Savings: $86.93 (96.6% reduction)

Break-even: 1 instance per region
Recommendation: ✅ Use staging (highly cost-effective)

Direct downloads  ██████████████████████████████████  $90.00
Data staging      █▏                                  $3.07

With AWS's list prices: savings of $16.51 (82.5%), break-even at 2 instances per region. For the calculation: --prices aws
`);
  });

  // The guide's "Cost Examples", with the sums of its calculator.
  for (const [gb, instances, regions, lines] of [
    [
      10,
      5,
      "us-east-1,us-west-2",
      [
        "  Replication: 10GB × 1 region × $0.02/GB = $0.20",
        "  Cost: 50 GB × $0.09/GB = $4.50",
        "  Total: $0.31",
        "Savings: $4.19 (93.2% reduction)",
      ],
    ],
    [
      100,
      20,
      "us-east-1,us-west-2,eu-west-1",
      [
        "  Cross-region transfers: 100GB × 2 regions × 20 instances = 4,000 GB",
        "  Replication: 100GB × 2 regions × $0.02/GB = $4.00",
        "  Total: $5.61",
        "Savings: $354.39 (98.4% reduction)",
      ],
    ],
    [
      1000,
      100,
      "us-east-1,us-west-2,eu-west-1,ap-south-1",
      [
        "Dataset: 1,000 GB",
        "  Cross-region transfers: 1000GB × 3 regions × 100 instances = 300,000 GB",
        "  Cost: 300,000 GB × $0.09/GB = $27,000.00",
        "  Storage (7 days): 1000GB × 4 regions × $0.023/GB/month × (7/30) = $21.47",
        "  Total: $81.47",
        "Savings: $26,918.53 (99.7% reduction)",
      ],
    ],
  ] as const) {
    it(`has the guide's figures for ${gb} GB`, () => {
      expect(rendered(request(gb, instances, regions)).split("\n")).to.include.members([...lines]);
    });
  }

  it("shows prices that differ by region", () => {
    const lines = rendered(request(5, 10, "us-east-1,us-east-2,us-west-1", 90), { prices: "aws" }).split(
      "\n",
    );
    expect(lines).to.include.members([
      "  Cost: 100 GB × $0.01 to $0.02/GB = $1.50",
      "    to us-east-2: 50 GB × $0.01/GB = $0.50",
      "    to us-west-1: 50 GB × $0.02/GB = $1.00",
      "  Replication: 5GB × 2 regions × $0.01 to $0.02/GB = $0.15",
      "    to us-west-1: 5GB × $0.02/GB = $0.10",
      "  Storage (90.5 days, to the midnight after the TTL): 5GB × 3 regions × $0.023 to $0.026/GB/month × (90.5/30) = $1.09",
      "    in us-west-1: 5GB × $0.026/GB/month × (90.5/30) = $0.39",
      "  Storage after expiry (2 days, as noncurrent versions): 5GB × 3 regions × $0.023 to $0.026/GB/month × (2/30) = $0.02",
      "  Requests: <$0.01",
      "Break-even: 9 instances per region",
      "Recommendation: ➖ Optional (cost-effective, but savings below 10 GB are small)",
      "AWS's list prices: storage as of 2026-07-01, transfers as of 2024-09-25, requests as of 2026-02-01.",
      "Not counted:",
      ...EXCLUDED_CHARGES.map((line) => `  - ${line}`),
    ]);
  });

  it("shows no savings in a single region, and divides by no zero", () => {
    const text = rendered(request(100, 10, "eu-west-1"));
    expect(text.split("\n")).to.include.members([
      "  Cross-region transfers: none (every instance is in eu-west-1)",
      "  Cost: $0.00",
      "  Replication: none (one region)",
      "Savings: none possible (within a region downloads are free)",
      "Break-even: never (within a region downloads are free)",
      "Recommendation: ❌ Skip staging (a single region needs none)",
      "With AWS's list prices: no savings possible, no break-even. For the calculation: --prices aws",
    ]);
    expect(text).to.not.match(/NaN|Infinity|undefined/);
  });

  it("shows how much more staging costs, and when it pays", () => {
    expect(rendered(request(5, 1, "us-east-1,us-east-2", 90)).split("\n")).to.include.members([
      "Savings: none (staging costs $0.34 more)",
      "Break-even: 2 instances per region",
      "Recommendation: ❌ Skip staging (it saves money from 2 instances per region)",
      "With AWS's list prices: no savings, break-even at 16 instances per region. For the calculation: --prices aws",
    ]);
    expect(rendered(request(0.5, 10, "us-east-1,us-west-2"))).to.contain(
      "Recommendation: ❌ Skip staging (512 MB cost almost nothing to transfer)\n",
    );
    expect(rendered(request(2000, 10, "us-east-1,us-west-2"))).to.contain(
      "Recommendation: ✅ Use staging (required: above 1 TB direct downloads may be impractical)\n",
    );
    expect(rendered(request(50, 10, "us-east-1,us-west-2"))).to.contain(
      "Recommendation: ✅ Use staging (cost-effective)\n",
    );
  });

  it("reports a price that the book lacks", () => {
    const asked = request(100, 10, "us-east-1,us-west-2");
    expect(
      rendered(asked, { aws: { missing: "the price book of AWS has no price for storage in x" } }),
    ).to.contain("With AWS's list prices: not known, the price book of AWS has no price for storage in x.\n");
  });

  it("names the measured file or directory", () => {
    const asked = request(0.1, 10, "us-east-1,us-west-2");
    expect(rendered(asked, { source: { filename: "a.dat" } })).to.contain("Dataset: 102.4 MB (a.dat)\n");
    expect(rendered(asked, { source: { filename: "da\nta", fileCount: 1234 } })).to.contain(
      "Dataset: 102.4 MB (da\\nta/, 1,234 files)\n",
    );
  });

  it("shows the same figures in every format, and each parses back", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 * 1024 * GIB }),
        fc.shuffledSubarray([...REGIONS], { minLength: 1 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 90 }),
        fc.constantFrom(...PRICE_BOOK_NAMES),
        (sizeBytes, regions, instancesPerRegion, ttl, name) => {
          const asked = {
            sizeBytes,
            regions: parseRegionList(regions),
            instancesPerRegion,
            ttl: parseTtlDays(ttl),
          };
          const made = estimate(asked, priceBook(name));
          const aws = alternative(asked, priceBook("aws"));
          const metadata = toEstimateMetadata(made, aws);

          expect(JSON.parse(JSON.stringify(metadata))).to.deep.equal(metadata);
          expect(parse(stringify(metadata))).to.deep.equal(metadata);
          const [head = [], row = [], ...more] = parseCsv(renderEstimateCsv(metadata));
          expect(more).to.deep.equal([]);
          const cells = Object.fromEntries(head.map((key, index) => [key, row[index]]));
          expect(cells).to.deep.equal(
            Object.fromEntries(
              Object.entries(metadata).map(([key, value]) => [key, value === null ? "" : String(value)]),
            ),
          );

          const text = renderEstimate({ estimate: made, aws, columns: 80 });
          const shown = (amount: number) => formatMoney(dollars(amount));
          expect(text).to.contain(`  Total: ${shown(metadata.staging_cost)}\n`);
          expect(text).to.contain(`= ${shown(metadata.storage_cost)}\n`);
          if (regions.length > 1) {
            expect(text).to.contain(`= ${shown(metadata.direct_cost)}\n`);
            expect(text).to.contain(`= ${shown(metadata.replication_cost)}\n`);
          }
          if (metadata.savings > 0) expect(text).to.contain(`Savings: ${shown(metadata.savings)} (`);
          const even = metadata.break_even_instances;
          expect(text).to.match(
            even === null
              ? /^Break-even: never/m
              : new RegExp(`^Break-even: ${even.toLocaleString("en-US")} inst`, "m"),
          );
        },
      ),
    );
  });
});
