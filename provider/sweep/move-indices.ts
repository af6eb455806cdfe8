import type { CancellationReason, TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { errorName } from "../../connection/errors/failure.ts";
import type { AttributeValue } from "../../staging/attribute-value.ts";
import type { Region } from "../../staging/regions.ts";
import { type IndexItem, parseIndexItem } from "../../staging/sweep/index-item.ts";
import { isRefused, type Outcome } from "../../staging/sweep/index-state.ts";
import {
  counterChanges,
  type ItemUpdate,
  indexUpdate,
  regionUpdate,
} from "../../staging/sweep/index-write.ts";
import { regionItemKey } from "../../staging/sweep/item-keys.ts";
import { SweepItemError } from "../../staging/sweep/item-reader.ts";
import { plainItem } from "../plain-item.ts";
import type { SweepAccess } from "./access.ts";
import { isConditionFailed, MAX_ACTIONS, transact } from "./transact.ts";

/** Indices per transaction. The update of the region's counters takes the remaining action. */
const MAX_BATCH = MAX_ACTIONS - 1;

interface Move {
  readonly before: IndexItem;
  readonly after: IndexItem;
}

/** The result of a transition. */
export interface Moved {
  readonly moved: number;
  /** The indices that the transition does not apply to, unchanged. */
  readonly refused: readonly IndexItem[];
}

interface MoveOptions {
  /** Additional attributes for every moved item. */
  readonly also?: Readonly<Record<string, AttributeValue>>;
  /** Receives the number of indices that were moved so far. */
  onMoved?(count: number): void;
}

/**
 * Applies a transition to indices of one region. Each transaction updates many indices and the region's counters. If a worker changes an
 * index in the meantime, the transition is applied to its new state. A repeated run counts no index twice, because the transition
 * refuses an index that was already moved.
 * @throws SweepItemError if the region's counters are missing
 */
export async function moveIndices(
  access: SweepAccess,
  region: Region,
  items: readonly IndexItem[],
  transition: (item: IndexItem) => Outcome,
  { also, onMoved }: MoveOptions = {},
): Promise<Moved> {
  const refused: IndexItem[] = [];
  const queue: Move[] = [];
  const consider = (before: IndexItem): void => {
    const outcome = transition(before);
    if (isRefused(outcome)) refused.push(before);
    else queue.push({ before, after: outcome.item });
  };
  items.forEach(consider);
  let moved = 0;
  let maxBatch = MAX_BATCH;
  // Sequential, because concurrent transactions of one region conflict on its counters.
  while (queue.length > 0) {
    const batch = queue.splice(0, maxBatch);
    let unmet: readonly CancellationReason[] | undefined;
    try {
      unmet = await transact(access.client, actionsOf(access, region, batch, also), access.signal);
    } catch (error) {
      // The items may exceed the 4 MB limit of a transaction. Their sizes are unknown here, so halve the batch.
      if (errorName(error) !== "ValidationException" || batch.length === 1) throw error;
      maxBatch = Math.ceil(batch.length / 2);
      queue.unshift(...batch);
      continue;
    }
    if (unmet === undefined) {
      moved += batch.length;
      onMoved?.(moved);
      continue;
    }
    const counters = unmet[batch.length];
    if (counters !== undefined && isConditionFailed(counters))
      throw new SweepItemError(`${access.sweepId} ${regionItemKey(region)}`, "sweep_id");
    for (const [position, move] of batch.entries()) {
      const reason = unmet[position];
      if (reason === undefined || !isConditionFailed(reason)) queue.push(move);
      // A missing item has expired or was deleted by a user: skip it.
      else if (reason.Item !== undefined) consider(parseIndexItem(plainItem(reason.Item)));
    }
  }
  return { moved, refused };
}

function actionsOf(
  { sweepId, table: TableName }: SweepAccess,
  region: Region,
  batch: readonly Move[],
  also: MoveOptions["also"],
): TransactWriteItem[] {
  const update = (given: ItemUpdate): TransactWriteItem => ({
    Update: { TableName, ...given, ReturnValuesOnConditionCheckFailure: "ALL_OLD" },
  });
  const counters = regionUpdate(sweepId, region, counterChanges(batch));
  return [
    ...batch.map(({ before, after }) => update(indexUpdate(before, after, also))),
    ...(counters === undefined ? [] : [update(counters)]),
  ];
}
