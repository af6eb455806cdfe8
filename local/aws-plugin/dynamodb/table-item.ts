import {
  type AttributeValue,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { CheckFailure, Properties } from "../../../provider/plugin/types.ts";
import { isUnknown } from "../../../provider/plugin/values.ts";
import { UserError } from "../../../staging/errors.ts";
import { document, string } from "../../../staging/schema/fields.ts";
import { defineResource } from "../resource.ts";
import type { Call } from "../sdk/call.ts";
import { dynamodb } from "../sdk/dynamodb.ts";
import { isAwsError, undefinedOn, wasRetried } from "../sdk/errors.ts";
import { type Attributes, formatItem, itemProblem, parseItem, sameItem } from "./attribute-values.ts";
import { importedKey, itemId, keyText, valueText } from "./item-ids.ts";
import { updateExpression } from "./update-expression.ts";

const fields = {
  tableName: string({ required: true, replaces: true }),
  hashKey: string({ required: true, replaces: true }),
  rangeKey: string({ replaces: true }),
  item: document(sameItem, { required: true, problem: itemProblem }),
};

type Computed = { hashKeyValue: string; rangeKeyValue?: string };
type Keys = { tableName: string; hashKey: string; rangeKey?: string };

/**
 * An item of a table, read as a whole: foreign attributes show as differences at a refresh, and only then does an
 * update remove them, as with the official provider.
 */
export default defineResource<typeof fields, Computed>({
  title: "item of the table",
  fields,
  computed: ["hashKeyValue"],
  changing: ["hashKeyValue"],
  check: keysInItem,

  async create(inputs, call) {
    const { tableName: TableName, hashKey } = inputs;
    const Item = parseItem(inputs.item);
    try {
      await dynamodb(call).send(
        new PutItemCommand({
          TableName,
          Item,
          ConditionExpression: "attribute_not_exists(#key)",
          ExpressionAttributeNames: { "#key": hashKey },
        }),
      );
    } catch (error) {
      if (!isAwsError(error, "ConditionalCheckFailedException")) throw error;
      const existing = await getItem(inputs, Item, call);
      const isOwnWrite =
        wasRetried(error) && existing !== undefined && formatItem(existing) === formatItem(Item);
      if (!isOwnWrite) {
        throw new UserError(
          `the table ${TableName} has an item with the key ${keyText(inputs, Item)} already`,
          {
            why: "Items that the stack does not have in its state are not overwritten.",
            cause: error,
          },
        );
      }
    }
    return itemId(inputs, Item);
  },

  // Compares with the state instead of the item: foreign attributes added since the last refresh stay.
  async update(_id, inputs, _actual, call, known) {
    const before = parseItem(known.item);
    const after = parseItem(inputs.item);
    const Key = keyOf(inputs, after);
    await dynamodb(call).send(
      new UpdateItemCommand({
        TableName: inputs.tableName,
        Key,
        ...updateExpression(before, after, Object.keys(Key)),
      }),
    );
    if (keyText(inputs, before) !== keyText(inputs, after)) await deleteItem(inputs, before, call);
  },

  async read(id, call, known) {
    const { tableName, hashKey, item } = known;
    const imported = tableName === undefined || hashKey === undefined || item === undefined;
    const found = imported
      ? await importedKey(id, call)
      : { keys: toKeys({ ...known, tableName, hashKey }), key: parseItem(item) };
    if (found === undefined) return undefined;
    const existing = await getItem(found.keys, found.key, call);
    if (existing === undefined) return undefined;
    const { rangeKey } = found.keys;
    return {
      ...found.keys,
      item: formatItem(existing),
      hashKeyValue: valueText(existing[found.keys.hashKey]),
      ...(rangeKey && { rangeKeyValue: valueText(existing[rangeKey]) }),
    };
  },

  delete: (_id, outputs, call) => deleteItem(outputs, parseItem(outputs.item), call),
});

const toKeys = ({ tableName, hashKey, rangeKey }: Keys): Keys => ({
  tableName,
  hashKey,
  ...(rangeKey && { rangeKey }),
});

function keyOf({ hashKey, rangeKey }: Keys, item: Attributes): Attributes {
  const names = rangeKey ? [hashKey, rangeKey] : [hashKey];
  return Object.fromEntries(names.map((name) => [name, item[name] as AttributeValue]));
}

async function getItem(keys: Keys, item: Attributes, call: Call): Promise<Attributes | undefined> {
  const request = new GetItemCommand({
    TableName: keys.tableName,
    Key: keyOf(keys, item),
    ConsistentRead: true,
  });
  return (await undefinedOn(["ResourceNotFoundException"], dynamodb(call).send(request)))?.Item;
}

async function deleteItem(keys: Keys, item: Attributes, call: Call): Promise<void> {
  const request = new DeleteItemCommand({ TableName: keys.tableName, Key: keyOf(keys, item) });
  await undefinedOn(["ResourceNotFoundException"], dynamodb(call).send(request));
}

function keysInItem(inputs: Properties): CheckFailure[] {
  const { item, hashKey, rangeKey } = inputs;
  if (typeof item !== "string" || isUnknown(item)) return [];
  const attributes = parseItem(item);
  return [hashKey, rangeKey].flatMap((name) => {
    if (typeof name !== "string" || isUnknown(name) || attributes[name] !== undefined) return [];
    return [{ property: "item", reason: `it lacks the attribute ${name}, which is a key of the table` }];
  });
}
