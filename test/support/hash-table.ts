import { CreateTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";

/** Makes a table whose only key is the text attribute `key`, as the usage table's. */
export async function createHashTable(client: DynamoDBClient, TableName: string, key: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: key, AttributeType: "S" }],
      KeySchema: [{ AttributeName: key, KeyType: "HASH" }],
    }),
  );
}
