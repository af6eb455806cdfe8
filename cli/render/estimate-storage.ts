import { chargesOf, plannedGeneration } from "../../staging/bill.ts";
import { storageCost } from "../../staging/cost.ts";
import { formatMoney, type MicroDollars } from "../../staging/money.ts";
import { MS_PER_DAY } from "../../staging/ttl.ts";
import { type Estimate, MIDDAY } from "../services/cost/estimate.ts";
import { compactSize } from "./estimate-sizes.ts";
import { plural, priceRange } from "./text.ts";

/** The cost of storage: one formula per billed period. */
export const storageTimeLines = (estimate: Estimate): string[] =>
  timesOf(estimate).flatMap((time) => storageLines(estimate, time));

/** A billed period. */
interface StorageTime {
  readonly name: string;
  readonly milliseconds: number;
  readonly cost: MicroDollars;
}

/** The guide counts the days of the TTL; AWS counts until the midnight after them, plus expired data. */
function timesOf({
  regions,
  sizeBytes,
  fileCount = 1,
  ttl,
  uploadedAt = MIDDAY,
  prices,
  staging,
}: Estimate): StorageTime[] {
  if (prices.requestsPer1000 === undefined) {
    return [
      { name: `Storage (${plural(ttl, "day")})`, milliseconds: ttl * MS_PER_DAY, cost: staging.storage },
    ];
  }
  const planned = plannedGeneration({ regions, sizeBytes, fileCount, ttl, uploadedAt });
  const { lasting } = chargesOf(planned, prices);
  const [storage, noncurrent] = (["storage", "noncurrent"] as const).map((kind) => {
    const charge = lasting.find((one) => one.kind === kind);
    return charge === undefined ? 0 : charge.to.getTime() - charge.from.getTime();
  });
  return [
    {
      name: `Storage (${days(storage ?? 0)}, to the midnight after the TTL)`,
      milliseconds: storage ?? 0,
      cost: staging.storage,
    },
    {
      name: `Storage after expiry (${days(noncurrent ?? 0)}, as noncurrent versions)`,
      milliseconds: noncurrent ?? 0,
      cost: staging.noncurrent,
    },
  ];
}

function storageLines(
  { sizeBytes, regions, prices }: Estimate,
  { name, milliseconds, cost }: StorageTime,
): string[] {
  const size = compactSize(sizeBytes);
  const stored = regions.map((region) => prices.storagePerGbMonth(region));
  const time = `(${inDays(milliseconds)}/30)`;
  return [
    `  ${name}: ${size} × ${plural(regions.length, "region")} × ${priceRange(stored)}/GB/month × ${time} = ${formatMoney(cost)}`,
    ...breakdown(regions, stored, (region, price) => {
      const part = storageCost(sizeBytes, [region], milliseconds, prices);
      return `in ${region}: ${size} × ${price}/GB/month × ${time} = ${formatMoney(part)}`;
    }),
  ];
}

/** `7`, `7.4`: days to a tenth. */
const inDays = (milliseconds: number): string => String(Math.round((milliseconds / MS_PER_DAY) * 10) / 10);
const days = (milliseconds: number): string =>
  inDays(milliseconds) === "1" ? "1 day" : `${inDays(milliseconds)} days`;

/** One line per region if their prices differ; otherwise the sum is sufficient. */
export function breakdown(
  regions: readonly string[],
  prices: readonly MicroDollars[],
  line: (region: string, price: string) => string,
): string[] {
  if (new Set(prices).size < 2) return [];
  return regions.map((region, index) => `    ${line(region, priceRange(prices.slice(index, index + 1)))}`);
}
