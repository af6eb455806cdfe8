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
import { isUnmet, MAX_ACTIONS, transact } from "./transact.ts";

/** Indices of one transaction: the region's counters are one more action. */
const MAX_BATCH = MAX_ACTIONS - 1;

interface Move {
  readonly before: IndexItem;
  readonly after: IndexItem;
}

/** What happened to indices. */
export interface Moved {
  readonly moved: number;
  /** What the transition does not apply to, as it is. */
  readonly refused: readonly IndexItem[];
}

export interface MoveOptions {
  /** What every item that is moved gets beside. */
  readonly also?: Readonly<Record<string, AttributeValue>>;
  /** Told how many have been moved. */
  onMoved?(count: number): void;
}

/**
 * Applies a transition to indices of one region, many in a transaction with the region's counters. Indices that a worker changes meanwhile
 * are looked at again: the transition decides about what they are now. What a killed run has moved already is refused, so that running it
 * again counts nothing twice.
 * @throws SweepItemError where the region's counters are missing
 */
export async function moveIndices(
  access: SweepAccess,
  region: Region,
  items: readonly IndexItem[],
  transition: (item: IndexItem) => Outcome,
  { also, onMoved }: MoveOptions = {},
): Promise<Moved> {
  const refused: IndexItem[] = [];
  const waiting: Move[] = [];
  const consider = (before: IndexItem): void => {
    const outcome = transition(before);
    if (isRefused(outcome)) refused.push(before);
    else waiting.push({ before, after: outcome.item });
  };
  items.forEach(consider);
  let moved = 0;
  let most = MAX_BATCH;
  // One transaction after the other: two of the same region would be in each other's way at its counters.
  while (waiting.length > 0) {
    const batch = waiting.splice(0, most);
    let unmet: readonly CancellationReason[] | undefined;
    try {
      unmet = await transact(access.client, actionsOf(access, region, batch, also), access.signal);
    } catch (error) {
      // The items together may be larger than the 4 MB of a transaction; their sizes are not known here.
      if (errorName(error) !== "ValidationException" || batch.length === 1) throw error;
      most = Math.ceil(batch.length / 2);
      waiting.unshift(...batch);
      continue;
    }
    if (unmet === undefined) {
      moved += batch.length;
      onMoved?.(moved);
      continue;
    }
    const counters = unmet[batch.length];
    if (counters !== undefined && isUnmet(counters))
      throw new SweepItemError(`${access.sweepId} ${regionItemKey(region)}`, "sweep_id");
    for (const [place, move] of batch.entries()) {
      const reason = unmet[place];
      if (reason === undefined || !isUnmet(reason)) waiting.push(move);
      // An item that is gone has expired, or was deleted by hand: nothing is left to do for it.
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
