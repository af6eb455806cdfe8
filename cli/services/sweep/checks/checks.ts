import type { EC2Client } from "@aws-sdk/client-ec2";
import type { MicroDollars } from "../../../../staging/money.ts";
import type { Region } from "../../../../staging/regions.ts";
import type { SweepPlan } from "../../../../staging/sweep/plan.ts";
import type { Context } from "../../../context.ts";
import { type Advice, advise, joinAdvice } from "./advice.ts";

/*
 * Checks of an AWS account for facts that make a sweep slow or expensive: quotas, routes to S3, spot prices. The local cloud has none of
 * them, so it does not load the SDK's clients.
 */

/** Checks the regions of a planned sweep. @throws InputError if it cannot run there: no subnets, or subnets of two VPCs */
export async function adviceFor(
  context: Pick<Context, "clientConfig" | "settings">,
  plan: SweepPlan,
  { spot, subnets }: { readonly spot: boolean; readonly subnets: ReadonlyMap<Region, readonly string[]> },
): Promise<Advice> {
  if (!(await isAws(context))) return { warnings: [], notes: [] };
  const [{ QUOTA_PERMISSIONS, quotaWarnings }, { NETWORK_PERMISSIONS, networkWarnings }] = await Promise.all([
    import("./quotas.ts"),
    import("./network.ts"),
  ]);
  const all = await Promise.all(
    plan.regions.flatMap(({ region, workers }) => [
      advise("The vCPU quotas", QUOTA_PERMISSIONS, async () => {
        const clients = { ec2: await ec2(context, region), quotas: await quotas(context, region) };
        return await quotaWarnings(region, workers, plan, spot, clients);
      }),
      advise("The routes from the subnets to S3", NETWORK_PERMISSIONS, async () =>
        networkWarnings(region, subnets.get(region) ?? [], await ec2(context, region)),
      ),
    ]),
  );
  return joinAdvice(all);
}

/** Current spot prices by region and type. */
export interface SpotPrices extends Advice {
  readonly of: (instanceType: string, region: Region) => MicroDollars | undefined;
}

const NO_SPOT_PRICES: SpotPrices = { of: () => undefined, warnings: [], notes: [] };

/** The spot prices of an AWS account; none on the local cloud. */
export async function readSpotPrices(
  context: Pick<Context, "clientConfig" | "settings">,
  types: readonly string[],
  regions: readonly Region[],
  now: Date,
): Promise<SpotPrices> {
  if (!(await isAws(context))) return NO_SPOT_PRICES;
  const { SPOT_PRICE_PERMISSIONS, spotPrices } = await import("./spot-prices.ts");
  const found = new Map<Region, ReadonlyMap<string, MicroDollars>>();
  const advice = await Promise.all(
    regions.map((region) =>
      advise("Spot prices", SPOT_PRICE_PERMISSIONS, async () => {
        found.set(region, await spotPrices(types, now, await ec2(context, region)));
        return [];
      }),
    ),
  );
  return { ...joinAdvice(advice), of: (type, region) => found.get(region)?.get(type) };
}

const isAws = async (context: Pick<Context, "settings">): Promise<boolean> =>
  (await context.settings()).cloud === "aws";

async function ec2(context: Pick<Context, "clientConfig">, region: Region): Promise<EC2Client> {
  const { makeEc2Client } = await import("../../../clients/ec2.ts");
  return makeEc2Client(await context.clientConfig("EC2", region));
}

async function quotas(context: Pick<Context, "clientConfig">, region: Region) {
  const { makeServiceQuotasClient } = await import("../../../clients/service-quotas.ts");
  return makeServiceQuotasClient(await context.clientConfig("SERVICE_QUOTAS", region));
}
