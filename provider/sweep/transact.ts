import {
  type CancellationReason,
  type DynamoDBClient,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import { errorName } from "../../connection/errors/failure.ts";
import { UserError } from "../../staging/errors.ts";
import { pause } from "../store/retry.ts";

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html */
export const MAX_ACTIONS = 100;

/** Others write the same items for milliseconds: the last of so many waits come after about two minutes. */
const TRIES = 60;
const FIRST_DELAY_MS = 25;
const LONGEST_DELAY_MS = 4_000;

/** Reasons for which a transaction is refused that may succeed a moment later. */
const PASSING: ReadonlySet<string> = new Set([
  "None",
  "TransactionConflict",
  "ThrottlingError",
  "ProvisionedThroughputExceeded",
  "RequestLimitExceeded",
]);

/**
 * Writes all of `actions` or none. Waits, for a random time, while others write the same items or the table is busy.
 * @returns undefined once they are written; or the reason for each action, where the condition of one at least is not met
 * @throws UserError if the items stay busy; AWS's error for anything else
 */
export async function transact(
  client: DynamoDBClient,
  actions: readonly TransactWriteItem[],
  signal: AbortSignal,
): Promise<readonly CancellationReason[] | undefined> {
  return whileBusy(signal, async () => {
    try {
      // The SDK gives each command a token, by which DynamoDB knows it when the SDK sends it again.
      await client.send(new TransactWriteItemsCommand({ TransactItems: [...actions] }), {
        abortSignal: signal,
      });
      return undefined;
    } catch (error) {
      const reasons = reasonsOf(error);
      if (reasons?.some(isUnmet)) return reasons;
      throw error;
    }
  });
}

/**
 * Writes an item that may be part of a transaction at the moment; waits, for a random time, until it is not.
 * @throws UserError if the item stays busy; AWS's error for anything else
 */
export async function whileBusy<T>(signal: AbortSignal, write: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write();
    } catch (error) {
      signal.throwIfAborted();
      if (!isPassing(error)) throw error;
      if (attempt >= TRIES) throw busy(error);
    }
    await pause(Math.random() * Math.min(FIRST_DELAY_MS * 2 ** attempt, LONGEST_DELAY_MS), signal);
  }
}

export const isUnmet = ({ Code }: CancellationReason): boolean => Code === "ConditionalCheckFailed";

const reasonsOf = (error: unknown): CancellationReason[] | undefined =>
  errorName(error) === "TransactionCanceledException"
    ? (error as { CancellationReasons?: CancellationReason[] }).CancellationReasons
    : undefined;

const isPassing = (error: unknown): boolean =>
  reasonsOf(error)?.every(({ Code = "None" }) => PASSING.has(Code)) ??
  ["TransactionConflictException", "TransactionInProgressException"].includes(errorName(error));

const busy = (cause: unknown): UserError =>
  new UserError("the items of the sweep are busy", {
    why: "Another program has been writing the same items of the sweeps table for minutes.",
    fix: "Run the command again. What is written already stays as it is.",
    cause,
  });
