import { marshall } from "@aws-sdk/util-dynamodb";
import { itemsExpireAt } from "../../staging/sweep/expiry.ts";
import { regionItemKey, SWEEP_TTL_ATTRIBUTE } from "../../staging/sweep/item-keys.ts";
import type { RegionItem } from "../../staging/sweep/region-item.ts";
import { DEFAULT_SETTLING, pause, withRetry } from "../store/retry.ts";
import type { SweepAccess } from "./access.ts";
import { type GroupCapacity, MissingGroup } from "./groups.ts";
import { findRegion, updateItem } from "./items.ts";
import type { RunRegion } from "./plan.ts";
import { retryConflicts } from "./transact.ts";

type GroupOfRegion = Pick<RunRegion, "region" | "group">;

/** Only leaving workers and one retry write a region's item at the same time. */
const WRITE_ATTEMPTS = 100;

/** A leaving worker needs one more request to lower the capacity. If it dies first, its group replaces it. */
const LEAVING_DELAY_MS = 1_000;
const LEAVING_ATTEMPTS = 15;

/**
 * Sets the group's deadline, then raises its capacity for the open indices. A leaving worker has lowered `alive` but not yet the group's
 * capacity. So the capacity must include the leaving workers, or too few would remain for the indices. If the group's maximum is too small
 * for that, it waits for them to leave.
 *
 * It counts the workers once for each generation and deadline, which the region's item records together with `alive`. Repeated, it starts
 * no worker for one that has left. The capacity never goes down, so no busy worker ends.
 * @throws MissingGroup if the group does not exist
 */
export async function startWorkers(
  access: SweepAccess,
  of: GroupOfRegion,
  generation: number,
  deadlineAt: Date,
): Promise<void> {
  const { groups, signal } = access;
  await findGroup(access, of);
  await groups.endAt(of.region, of.group, deadlineAt, signal);
  for (let attempt = 1; ; attempt++) {
    const item = await findRegion(access, of.region);
    if (isCounted(item, generation, deadlineAt)) return raiseToAlive(access, of);
    const capacity = await findGroup(access, of);
    const { alive, leaving } = workersWanted(item, capacity);
    if (alive + leaving > capacity.max && attempt < LEAVING_ATTEMPTS) {
      await pause(LEAVING_DELAY_MS, signal);
      continue;
    }
    if (await writeAlive(access, item, alive, generation, deadlineAt)) {
      const wanted = Math.min(alive + leaving, capacity.max);
      if (capacity.desired < wanted) await groups.setDesired(of.region, of.group, wanted, signal);
      return;
    }
    if (attempt === WRITE_ATTEMPTS) throw new Error(`the counters of ${of.region} change all the time`);
  }
}

/** The workers of an earlier deadline have ended. The item's expiry follows from the deadline. */
const isCounted = (
  item: Awaited<ReturnType<typeof findRegion>>,
  generation: number,
  deadlineAt: Date,
): boolean =>
  item.generation > generation ||
  (item.generation === generation && item.expires === itemsExpireAt(deadlineAt));

/** The group is read before the item, so that a worker that leaves between the two reads causes no start. */
async function raiseToAlive(access: SweepAccess, of: GroupOfRegion): Promise<void> {
  const { desired } = await findGroup(access, of);
  const { alive } = await findRegion(access, of.region);
  if (desired < alive) await access.groups.setDesired(of.region, of.group, alive, access.signal);
}

/**
 * The number of workers that a region needs, and of those that are leaving. After a deadline or a cancellation the group has no workers,
 * regardless of `alive`.
 */
export function workersWanted(
  { alive, open, workers }: Pick<RegionItem, "alive" | "open" | "workers">,
  { desired }: Pick<GroupCapacity, "desired">,
): { readonly alive: number; readonly leaving: number } {
  const living = Math.min(alive, desired);
  return { alive: Math.max(living, Math.min(workers, open)), leaving: desired - living };
}

/** @returns whether the item was unchanged since it was read, and so was written */
async function writeAlive(
  access: SweepAccess,
  item: RegionItem,
  alive: number,
  generation: number,
  deadlineAt: Date,
): Promise<boolean> {
  const update = {
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
  };
  return retryConflicts(access.signal, () => updateItem(access, regionItemKey(item.region), update));
}

/** Retries, since a newly created group may not be visible yet. @throws MissingGroup if it stays missing */
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
