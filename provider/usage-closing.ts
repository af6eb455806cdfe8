import type { UpdateItemCommandInput } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { REVISION } from "../staging/ledger.ts";
import { isoSeconds } from "../staging/ttl.ts";
import { USAGE_KEY } from "../staging/usage.ts";

/** Closes the row of an entry, unless it is closed; fails on its condition where there is no row. */
export const closingUpdate = (table: string, stagingId: string, now: Date): UpdateItemCommandInput => ({
  TableName: table,
  Key: { [USAGE_KEY]: { S: stagingId } },
  ConditionExpression: "attribute_exists(#key)",
  UpdateExpression: "SET #closed = if_not_exists(#closed, :now) ADD #revision :one",
  ExpressionAttributeNames: { "#key": USAGE_KEY, "#closed": "closed_at", "#revision": REVISION },
  ExpressionAttributeValues: marshall({ ":now": isoSeconds(now), ":one": 1 }),
});

/**
 * Opens a row again that a deletion has closed, if data still exist: S3 charges for them. The life of the row stays the same.
 * Fails on its condition where the row is open.
 */
export const reopeningUpdate = (table: string, stagingId: string): UpdateItemCommandInput => ({
  TableName: table,
  Key: { [USAGE_KEY]: { S: stagingId } },
  ConditionExpression: "attribute_exists(#closed)",
  UpdateExpression: "REMOVE #closed ADD #revision :one",
  ExpressionAttributeNames: { "#closed": "closed_at", "#revision": REVISION },
  ExpressionAttributeValues: marshall({ ":one": 1 }),
});
