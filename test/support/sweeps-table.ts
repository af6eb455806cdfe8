import { CreateTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { ITEM_KEY, SWEEP_KEY } from "../../staging/sweep/item-keys.ts";

/** Makes a table with the keys of the sweeps table, and none of its indexes. */
export async function createSweepsTable(client: DynamoDBClient, TableName: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [SWEEP_KEY, ITEM_KEY].map((AttributeName) => ({
        AttributeName,
        AttributeType: "S",
      })),
      KeySchema: [
        { AttributeName: SWEEP_KEY, KeyType: "HASH" },
        { AttributeName: ITEM_KEY, KeyType: "RANGE" },
      ],
    }),
  );
}
