import type { UpdateItemCommandInput } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { errorName } from "../connection/errors/failure.ts";
import { REVISION } from "../staging/ledger.ts";
import { isoSeconds } from "../staging/ttl.ts";
import { USAGE_KEY } from "../staging/usage.ts";

/**
 * `count` increments the revision; `reset` sets it to 1. DynamoDB cannot increment a value that is not a number, and a row that a user
 * edited must not block the deletion of its entry.
 */
type Revision = "count" | "reset";

/** Closes an entry's row; a closed row keeps its time. The condition fails if the row does not exist. */
export const closingUpdate = (
  table: string,
  stagingId: string,
  now: Date,
  revision: Revision = "count",
): UpdateItemCommandInput => ({
  TableName: table,
  Key: { [USAGE_KEY]: { S: stagingId } },
  ConditionExpression: "attribute_exists(#key)",
  UpdateExpression: `SET #closed = if_not_exists(#closed, :now)${revision === "count" ? " ADD #revision :one" : ", #revision = :one"}`,
  ExpressionAttributeNames: { "#key": USAGE_KEY, "#closed": "closed_at", "#revision": REVISION },
  ExpressionAttributeValues: marshall({ ":now": isoSeconds(now), ":one": 1 }),
});

/**
 * Reopens a row that a deletion closed while data remain, since S3 still charges for them. The generation stays the same.
 * The condition fails if the row is open.
 */
export const reopeningUpdate = (
  table: string,
  stagingId: string,
  revision: Revision = "count",
): UpdateItemCommandInput => ({
  TableName: table,
  Key: { [USAGE_KEY]: { S: stagingId } },
  ConditionExpression: "attribute_exists(#closed)",
  UpdateExpression: `REMOVE #closed ${revision === "count" ? "ADD #revision :one" : "SET #revision = :one"}`,
  ExpressionAttributeNames: { "#closed": "closed_at", "#revision": REVISION },
  ExpressionAttributeValues: marshall({ ":one": 1 }),
});

/** Sends one of the updates above. Resets the revision if it is not a number. */
export async function updateUsage(
  update: (revision: Revision) => UpdateItemCommandInput,
  send: (input: UpdateItemCommandInput) => Promise<unknown>,
): Promise<void> {
  try {
    await send(update("count"));
  } catch (error) {
    if (errorName(error) !== "ValidationException") throw error;
    await send(update("reset"));
  }
}
