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

/** Conflicting writes take milliseconds. All attempts together take about two minutes. */
const MAX_ATTEMPTS = 60;
const FIRST_DELAY_MS = 25;
const MAX_DELAY_MS = 4_000;

/** Cancellation reasons that a retry can overcome. */
const TRANSIENT_REASONS: ReadonlySet<string> = new Set([
  "None",
  "TransactionConflict",
  "ThrottlingError",
  "ProvisionedThroughputExceeded",
  "RequestLimitExceeded",
]);

/**
 * Writes all of `actions` or none. Retries after random delays while other processes write the same items or the table throttles.
 * @returns undefined after the write; or the reason for each action if at least one condition is not met
 * @throws UserError if the items stay busy; AWS's error for anything else
 */
export async function transact(
  client: DynamoDBClient,
  actions: readonly TransactWriteItem[],
  signal: AbortSignal,
): Promise<readonly CancellationReason[] | undefined> {
  return retryConflicts(signal, async () => {
    try {
      // The SDK adds an idempotency token, so DynamoDB recognizes a retried request.
      await client.send(new TransactWriteItemsCommand({ TransactItems: [...actions] }), {
        abortSignal: signal,
      });
      return undefined;
    } catch (error) {
      const reasons = reasonsOf(error);
      if (reasons?.some(isConditionFailed)) return reasons;
      throw error;
    }
  });
}

/**
 * Writes an item that may be part of a concurrent transaction. Retries after random delays until that transaction ends.
 * @throws UserError if the item stays busy; AWS's error for anything else
 */
export async function retryConflicts<T>(signal: AbortSignal, write: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write();
    } catch (error) {
      signal.throwIfAborted();
      if (!isTransient(error)) throw error;
      if (attempt >= MAX_ATTEMPTS) throw busy(error);
    }
    await pause(Math.random() * Math.min(FIRST_DELAY_MS * 2 ** attempt, MAX_DELAY_MS), signal);
  }
}

export const isConditionFailed = ({ Code }: CancellationReason): boolean => Code === "ConditionalCheckFailed";

const reasonsOf = (error: unknown): CancellationReason[] | undefined =>
  errorName(error) === "TransactionCanceledException"
    ? (error as { CancellationReasons?: CancellationReason[] }).CancellationReasons
    : undefined;

const isTransient = (error: unknown): boolean =>
  reasonsOf(error)?.every(({ Code = "None" }) => TRANSIENT_REASONS.has(Code)) ??
  ["TransactionConflictException", "TransactionInProgressException"].includes(errorName(error));

const busy = (cause: unknown): UserError =>
  new UserError("the items of the sweep are busy", {
    why: "Another program has been writing the same items of the sweeps table for minutes.",
    fix: "Run the command again. What is written already stays as it is.",
    cause,
  });
