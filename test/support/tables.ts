import {
  CreateTableCommand,
  type CreateTableCommandInput,
  type DynamoDBClient,
  type KeySchemaElement,
} from "@aws-sdk/client-dynamodb";
import { ITEM_KEY, SWEEP_KEY } from "../../staging/sweep/item-keys.ts";

/** The hash key, then the range key if there is one. All are texts. */
type Keys = readonly [hash: string, range?: string];

/** @param indexes their keys by their names */
export async function createTable(
  client: DynamoDBClient,
  TableName: string,
  keys: Keys,
  indexes: Readonly<Record<string, Keys>> = {},
  settings: Pick<CreateTableCommandInput, "DeletionProtectionEnabled" | "Tags"> = {},
): Promise<void> {
  const attributes = new Set([keys, ...Object.values(indexes)].flatMap(namesOf));
  const secondary = Object.entries(indexes).map(([IndexName, of]) => ({
    ...{ IndexName, KeySchema: schemaOf(of) },
    Projection: { ProjectionType: "ALL" as const },
  }));
  await client.send(
    new CreateTableCommand({
      ...{ TableName, BillingMode: "PAY_PER_REQUEST", KeySchema: schemaOf(keys) },
      AttributeDefinitions: [...attributes].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
      ...(secondary.length === 0 ? {} : { GlobalSecondaryIndexes: secondary }),
      ...settings,
    }),
  );
}

/** Creates a table with the keys of the sweeps table and without its indexes. */
export const createSweepsTable = (client: DynamoDBClient, name: string): Promise<void> =>
  createTable(client, name, [SWEEP_KEY, ITEM_KEY]);

const namesOf = (keys: Keys): string[] => keys.filter((key) => key !== undefined);

const schemaOf = (keys: Keys): KeySchemaElement[] =>
  namesOf(keys).map((AttributeName, at) => ({ AttributeName, KeyType: at === 0 ? "HASH" : "RANGE" }));
