import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { cancel } from "../../staging/sweep/index-state.ts";
import { META_ITEM, regionItemKey, SWEEP_KEY } from "../../staging/sweep/item-keys.ts";
import type { RegionItem } from "../../staging/sweep/region-item.ts";
import { isoSeconds } from "../../staging/ttl.ts";
import type { RegionGroup, SweepAccess } from "./access.ts";
import { MissingGroup } from "./groups.ts";
import { findMeta, findRegions, indexPages, noteCorrupt, updateItem } from "./items.ts";
import { moveIndices } from "./move-indices.ts";
import { itemKey } from "./queries.ts";
import { retryConflicts } from "./transact.ts";

/**
 * Ends all workers of a sweep and cancels every index that has not ended. It is idempotent. A sweep whose indices have all ended stays
 * succeeded or failed.
 *
 * The order matters. `cancelled_at` comes first, so that a concurrent launch does not commit. Then the workers end, so that none claims
 * another index. A worker that outlives the cancellation of its index cannot close that index.
 * @param groups missing groups are skipped
 * @returns the number of indices that this call cancelled; undefined if the sweep does not exist
 */
export async function cancelSweep(
  access: SweepAccess,
  groups: readonly RegionGroup[],
): Promise<number | undefined> {
  // The response also sets the clock.
  const meta = await findMeta(access);
  if (meta === undefined) {
    await endAllWorkers(access, groups);
    return undefined;
  }
  const regions = await findRegions(access, noteCorrupt(access));
  // A sweep that is already marked may be an interrupted cancellation, so finish it.
  const hasEnded =
    meta["started_at"] !== undefined &&
    meta["cancelled_at"] === undefined &&
    regions.every(({ open }) => open === 0);
  if (!hasEnded) await markCancelled(access);
  access.progress("Ending the workers");
  await endAllWorkers(access, groups);
  const cancelled = await Promise.all(
    (hasEnded ? [] : await findRegions(access, noteCorrupt(access))).map((region) =>
      cancelRegion(access, region),
    ),
  );
  return cancelled.reduce((sum, each) => sum + each, 0);
}

async function markCancelled(access: SweepAccess): Promise<void> {
  const { client, table, sweepId, now, signal } = access;
  const command = new UpdateItemCommand({
    TableName: table,
    Key: itemKey(sweepId, META_ITEM),
    ConditionExpression: "attribute_exists(#key)",
    UpdateExpression: "SET #cancelled = if_not_exists(#cancelled, :now)",
    ExpressionAttributeNames: { "#key": SWEEP_KEY, "#cancelled": "cancelled_at" },
    ExpressionAttributeValues: { ":now": { S: isoSeconds(now()) } },
  });
  await client.send(command, { abortSignal: signal });
}

/** Sets the capacity of groups to 0. Skips missing groups. */
export async function endAllWorkers(access: SweepAccess, groups: readonly RegionGroup[]): Promise<void> {
  await Promise.all(groups.map((group) => endWorkers(access, group)));
}

async function endWorkers({ groups, signal }: SweepAccess, { region, group }: RegionGroup): Promise<void> {
  try {
    if ((await groups.find(region, group, signal)) !== undefined)
      await groups.setDesired(region, group, 0, signal);
  } catch (error) {
    if (!(error instanceof MissingGroup)) throw error;
  }
}

async function cancelRegion(access: SweepAccess, region: RegionItem): Promise<number> {
  let count = 0;
  for await (const page of indexPages(access, region, noteCorrupt(access))) {
    const { moved } = await moveIndices(access, region.region, page, (item) => cancel(item, access.now()), {
      onMoved: (done) => access.progress(`Cancelling indices in ${region.region}: ${count + done}`),
    });
    count += moved;
  }
  await resetAlive(access, region);
  return count;
}

/** Resets the number of live workers; a retry counts the workers that it starts. */
async function resetAlive(access: SweepAccess, { region }: RegionItem): Promise<void> {
  const update = {
    ConditionExpression: "attribute_exists(#alive)",
    UpdateExpression: "SET #alive = :none",
    ExpressionAttributeNames: { "#alive": "alive" },
    ExpressionAttributeValues: { ":none": { N: "0" } },
  };
  await retryConflicts(access.signal, () => updateItem(access, regionItemKey(region), update));
}
