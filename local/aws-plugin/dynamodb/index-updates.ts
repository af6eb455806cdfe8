import { type AttributeDefinition, UpdateTableCommand } from "@aws-sdk/client-dynamodb";
import { differs } from "../../../provider/plugin/schema/compare.ts";
import type { Call } from "../sdk/call.ts";
import { dynamodb } from "../sdk/dynamodb.ts";
import { globalSecondaryIndex, type Index, toIndex } from "./indexes.ts";

/**
 * Changes a table's indexes from `before` to `after`: DynamoDB creates or deletes one at a time and changes none, so
 * a changed index is recreated.
 * @param done waits until the table can be changed again
 */
export async function updateIndexes(
  TableName: string,
  before: readonly Index[],
  after: readonly Index[],
  AttributeDefinitions: AttributeDefinition[],
  call: Call,
  done: () => Promise<void>,
): Promise<void> {
  const same = (index: Index, among: readonly Index[]) =>
    among.some((other) => other.name === index.name && !differs(globalSecondaryIndex, other, index));
  const kept = new Set(after.filter((index) => same(index, before)).map(({ name }) => name));
  for (const { name } of before.filter((index) => !kept.has(index.name))) {
    const GlobalSecondaryIndexUpdates = [{ Delete: { IndexName: name } }];
    await dynamodb(call).send(new UpdateTableCommand({ TableName, GlobalSecondaryIndexUpdates }));
    await done();
  }
  for (const index of after.filter(({ name }) => !kept.has(name))) {
    const GlobalSecondaryIndexUpdates = [{ Create: toIndex(index) }];
    await dynamodb(call).send(
      new UpdateTableCommand({ TableName, AttributeDefinitions, GlobalSecondaryIndexUpdates }),
    );
    await done();
  }
}
