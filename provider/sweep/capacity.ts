import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import type { Region } from "../../staging/regions.ts";
import { itemsExpireAt } from "../../staging/sweep/expiry.ts";
import { regionItemKey, SWEEP_TTL_ATTRIBUTE } from "../../staging/sweep/item-keys.ts";
import type { RegionItem } from "../../staging/sweep/region-item.ts";
import { conditionMet } from "../conditional-write.ts";
import { DEFAULT_SETTLING, pause, withRetry } from "../store/retry.ts";
import type { SweepAccess } from "./access.ts";
import type { GroupCapacity } from "./groups.ts";
import { findRegion, keyOf } from "./items.ts";
import { MissingGroup } from "./missing-group.ts";
import { whileBusy } from "./transact.ts";

/** A region of a sweep, and its group. */
export interface GroupOfRegion {
  readonly region: Region;
  readonly group: string;
}

/**
 * Gives a group the capacity that the region's item says, and its deadline before that. The capacity only goes up. So nothing happens where
 * an earlier run has set it already: workers that have ended since have lowered `alive` before the capacity, and no worker that is busy is
 * ended. (The group is read first: a worker that leaves between the two readings then causes no start.)
 * @throws MissingGroup
 */
export async function startWorkers(access: SweepAccess, of: GroupOfRegion, deadlineAt: Date): Promise<void> {
  const { groups, signal } = access;
  const { desired } = await findGroup(access, of);
  await groups.endAt(of.region, of.group, deadlineAt, signal);
  const { alive } = await findRegion(access, of.region);
  if (desired < alive) await groups.setDesired(of.region, of.group, alive, signal);
}

/** Writers of one region's item: workers that leave, and one retry. */
const WRITE_TRIES = 100;

/** A worker that leaves does so in one more request. One that died instead is replaced, and may stay. */
const LEAVING_MS = 1_000;
const LEAVING_TRIES = 15;

/**
 * Raises the capacity of a region for the indices that `generation` has opened, once: `alive` is counted in the region's item, and that says
 * for which generation it was. A worker that leaves has taken itself off `alive`, and not yet off the group's capacity; it does so a
 * moment later, and so the capacity has to be higher by the number of those, or nobody would be left for the indices. Where the group's
 * maximum does not allow that, they are waited for.
 * @throws MissingGroup
 */
export async function addWorkers(
  access: SweepAccess,
  of: GroupOfRegion,
  generation: number,
  deadlineAt: Date,
): Promise<void> {
  const { groups, signal } = access;
  let capacity = await findGroup(access, of);
  await groups.endAt(of.region, of.group, deadlineAt, signal);
  for (let attempt = 1; ; attempt++) {
    const item = await findRegion(access, of.region);
    if (item.generation >= generation) return startWorkers(access, of, deadlineAt);
    capacity = await findGroup(access, of);
    const { alive, leaving } = workersWanted(item, capacity);
    if (alive + leaving > capacity.max && attempt < LEAVING_TRIES) {
      await pause(LEAVING_MS, signal);
      continue;
    }
    if (await writeAlive(access, item, alive, generation, deadlineAt)) {
      const wanted = Math.min(alive + leaving, capacity.max);
      if (capacity.desired < wanted) await groups.setDesired(of.region, of.group, wanted, signal);
      return;
    }
    if (attempt === WRITE_TRIES) throw new Error(`the counters of ${of.region} change all the time`);
  }
}

/**
 * The workers that a region is to have, and those that are about to leave. After a deadline or a cancellation the group keeps nobody alive,
 * whatever `alive` says.
 */
export function workersWanted(
  { alive, open, workers }: Pick<RegionItem, "alive" | "open" | "workers">,
  { desired }: Pick<GroupCapacity, "desired">,
): { readonly alive: number; readonly leaving: number } {
  const living = Math.min(alive, desired);
  return { alive: Math.max(living, Math.min(workers, open)), leaving: desired - living };
}

/** @returns whether the item was still the one that was read */
async function writeAlive(
  access: SweepAccess,
  item: RegionItem,
  alive: number,
  generation: number,
  deadlineAt: Date,
): Promise<boolean> {
  const command = new UpdateItemCommand({
    TableName: access.table,
    Key: keyOf(access, regionItemKey(item.region)),
    UpdateExpression: "SET #alive = :alive, #generation = :generation, #expires = :expires",
    ConditionExpression: "#alive = :read AND #generation = :old",
    ExpressionAttributeNames: {
      "#alive": "alive",
      "#generation": "generation",
      "#expires": SWEEP_TTL_ATTRIBUTE,
    },
    ExpressionAttributeValues: marshall({
      ":alive": alive,
      ":read": item.alive,
      ":generation": generation,
      ":old": item.generation,
      ":expires": itemsExpireAt(deadlineAt),
    }),
  });
  return conditionMet(() =>
    whileBusy(access.signal, () => access.client.send(command, { abortSignal: access.signal })),
  );
}

/** A group that was made a moment ago may not show yet. @throws MissingGroup */
async function findGroup(
  { groups, signal, settling = DEFAULT_SETTLING }: SweepAccess,
  { region, group }: GroupOfRegion,
): Promise<GroupCapacity> {
  return withRetry(
    async () => {
      const found = await groups.find(region, group, signal);
      if (found === undefined) throw new MissingGroup(region, group);
      return found;
    },
    { ...settling, signal, retryable: (error) => error instanceof MissingGroup },
  );
}
