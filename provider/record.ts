import { type DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { errorName } from "../connection/errors/failure.ts";
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
  try {
    const { Item } = await client.send(command, { abortSignal: signal });
    return Item && plainItem(Item);
  } catch (error) {
    if (errorName(error) === "ResourceNotFoundException") return undefined;
    throw error;
  }
}
