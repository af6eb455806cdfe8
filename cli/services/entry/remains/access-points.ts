import { GetAccessPointCommand } from "@aws-sdk/client-s3-control";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { errorName, statusOf } from "../../../../connection/errors/failure.ts";
import { accessPointName } from "../../../../staging/access-point.ts";
import type { StagingId } from "../../../../staging/ids.ts";
import type { Region } from "../../../../staging/regions.ts";
import type { Context } from "../../../context.ts";
import { type AccessPointName, withS3Control } from "../access-points.ts";

/**
 * The access points under the entry's name in the account of the credentials in use.
 * @param isShared whether something says that the entry is shared. Without that, credentials that may not look at access
 * points are no obstacle: most users never need that permission, and an access point hands out nothing once the data are gone.
 */
export async function findAccessPoints(
  context: Pick<Context, "account" | "clientConfig" | "settings">,
  id: StagingId,
  regions: readonly Region[],
  isShared: boolean,
): Promise<AccessPointName[]> {
  try {
    const [accountId, { namePrefix }] = await Promise.all([accountOf(context), context.settings()]);
    const name = accessPointName(namePrefix, id);
    const found = await Promise.all(regions.map((region) => findIn(context, { region, accountId, name })));
    return found.filter((point) => point !== undefined);
  } catch (error) {
    if (!isShared && statusOf(error) === 403) return [];
    throw error;
  }
}

async function findIn(
  context: Pick<Context, "clientConfig">,
  point: AccessPointName,
): Promise<AccessPointName | undefined> {
  const command = new GetAccessPointCommand({ AccountId: point.accountId, Name: point.name });
  try {
    await withS3Control(context, point.region, (client) => client.send(command));
    return point;
  } catch (error) {
    if (errorName(error) === "NoSuchAccessPoint" || statusOf(error) === 404) return undefined;
    throw error;
  }
}

/** The account of the credentials in use. */
export async function accountOf(
  context: Pick<Context, "account" | "clientConfig" | "settings">,
): Promise<string> {
  const known = await context.account();
  if (known !== undefined) return known;
  const [{ makeStsClient }, { tableRegion }] = await Promise.all([
    import("../../../clients/sts.ts"),
    context.settings(),
  ]);
  const client = makeStsClient(await context.clientConfig("STS", tableRegion));
  try {
    const { Account = "" } = await client.send(new GetCallerIdentityCommand({}));
    return Account;
  } finally {
    client.destroy();
  }
}
