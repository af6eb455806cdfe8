import { type DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { undefinedIf } from "../connection/errors/failure.ts";
import { isNoSuchTable } from "../connection/errors/kinds.ts";
import { RECORD_KEY } from "../staging/record.ts";
import { plainItem } from "./plain-item.ts";

/** The record of an entry; undefined without a record, or without the table. */
export async function readRecord(
  client: DynamoDBClient,
  table: string,
  stagingId: string,
  signal: AbortSignal,
): Promise<Record<string, unknown> | undefined> {
  const command = new GetItemCommand({
    TableName: table,
    Key: marshall({ [RECORD_KEY]: stagingId }),
    ConsistentRead: true,
  });
  const found = await undefinedIf(isNoSuchTable, client.send(command, { abortSignal: signal }));
  return found?.Item && plainItem(found.Item);
}
