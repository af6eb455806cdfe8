import type { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import type { Context } from "../../../../cli/context.ts";
import { recordItem, type StagingRecord } from "../../../../staging/record.ts";
import { testSettings } from "../../records.ts";

/** An environment whose tables contain `items`: records by ID, and rows of the ledger. */
export function contextWith(items: {
  records?: readonly StagingRecord[];
  rows?: readonly object[];
}): Context {
  const { records = [], rows = [] } = items;
  const find = ({ TableName, Key }: GetItemCommand["input"]) => {
    const id = Key?.["staging_id"]?.S;
    if (TableName === "records") {
      const record = records.find(({ stagingId }) => stagingId === id);
      return record && recordItem(record);
    }
    const row = rows.find((candidate) => (candidate as { staging_id: string }).staging_id === id);
    return row && marshall(row);
  };
  const client = { send: async ({ input }: GetItemCommand) => ({ Item: find(input) }) };
  const tables = {
    client: client as unknown as DynamoDBClient,
    settings: testSettings(),
  };
  const [stateUrl, stateObjects] = [async () => undefined, async () => undefined];
  return { environmentName: "dev", tables: async () => tables, stateUrl, stateObjects } as unknown as Context;
}
