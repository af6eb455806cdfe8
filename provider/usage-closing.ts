import type { UpdateItemCommandInput } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { errorName } from "../connection/errors/failure.ts";
import { REVISION } from "../staging/ledger.ts";
import { isoSeconds } from "../staging/ttl.ts";
import { USAGE_KEY } from "../staging/usage.ts";

/**
 * `count`: the revision goes up by one. `reset`: it becomes one. DynamoDB refuses to add to what is no number, and a row that somebody
 * has changed must not keep its entry from being deleted.
 */
type Revision = "count" | "reset";

/** Closes the row of an entry, unless it is closed; fails on its condition where there is no row. */
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
 * Opens a row again that a deletion has closed, if data still exist: S3 charges for them. The life of the row stays the same.
 * Fails on its condition where the row is open.
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

/** Sends one of the updates above; where the row's revision is no number, with a new one. */
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
