import { type _InstanceType, DescribeSpotPriceHistoryCommand, type EC2Client } from "@aws-sdk/client-ec2";
import { dollars, type MicroDollars } from "../../../../staging/money.ts";

export const SPOT_PRICE_PERMISSIONS = "ec2:DescribeSpotPriceHistory";

/**
 * The current spot prices per hour in a region: for each type that of its most expensive zone, because AWS chooses the zone.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html
 * @param now a history that starts now has the current prices
 */
export async function spotPrices(
  types: readonly string[],
  now: Date,
  ec2: EC2Client,
): Promise<ReadonlyMap<string, MicroDollars>> {
  const prices = new Map<string, MicroDollars>();
  let next: string | undefined;
  do {
    const { SpotPriceHistory = [], NextToken } = await ec2.send(
      new DescribeSpotPriceHistoryCommand({
        // The SDK's enumeration is never complete, because AWS adds types.
        InstanceTypes: types as _InstanceType[],
        ProductDescriptions: ["Linux/UNIX"],
        StartTime: now,
        NextToken: next,
      }),
    );
    for (const { InstanceType: type, SpotPrice } of SpotPriceHistory) {
      const price = Number(SpotPrice);
      if (type === undefined || !(price > 0)) continue;
      const micro = dollars(Number(price.toFixed(6)));
      if (micro > (prices.get(type) ?? 0)) prices.set(type, micro);
    }
    next = NextToken || undefined;
  } while (next !== undefined);
  return prices;
}
