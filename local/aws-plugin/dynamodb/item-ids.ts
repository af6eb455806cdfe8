import { DescribeTableCommand } from "@aws-sdk/client-dynamodb";
import { UserError } from "../../../staging/errors.ts";
import type { Call } from "../sdk/call.ts";
import { dynamodb } from "../sdk/dynamodb.ts";
import { undefinedOn } from "../sdk/errors.ts";
import type { Attributes } from "./attribute-values.ts";
import { keyOfType } from "./indexes.ts";

/** IDs of items: `TABLE|HASHKEY|value`, followed by `|RANGEKEY|value` with a range key. Binary values are base64. */

interface Keys {
  tableName: string;
  hashKey: string;
  rangeKey?: string;
}

export function itemId(keys: Keys, item: Attributes): string {
  return [keys.tableName, ...keyParts(keys, item)].join("|");
}

/** The key's names and values, for messages and comparisons. */
export function keyText(keys: Keys, item: Attributes): string {
  return keyParts(keys, item).join("|");
}

function keyParts({ hashKey, rangeKey }: Keys, item: Attributes): string[] {
  return (rangeKey ? [hashKey, rangeKey] : [hashKey]).flatMap((name) => [name, valueText(item[name])]);
}

export function valueText(value: Attributes[string] | undefined): string {
  return value?.S ?? value?.N ?? (value?.B ? Buffer.from(value.B).toString("base64") : "");
}

/**
 * The key of an ID. The ID has no types, and values may contain its separator, so the parser uses the table's
 * description.
 * @returns undefined if there is no such table
 * @throws UserError if the ID does not belong to an item of this table
 */
export async function importedKey(
  id: string,
  call: Call,
): Promise<{ keys: Keys; key: Attributes } | undefined> {
  const malformed = (why: string) => new UserError(`"${id}" is not the id of an item`, { why });
  const [tableName = "", name = ""] = id.split("|");
  if (tableName === "" || name === "")
    throw malformed("It is TABLE|HASHKEY|value or TABLE|HASHKEY|value|RANGEKEY|value.");
  const request = new DescribeTableCommand({ TableName: tableName });
  const table = (await undefinedOn(["ResourceNotFoundException"], dynamodb(call).send(request)))?.Table;
  if (table === undefined) return undefined;
  const hashKey = keyOfType(table.KeySchema, "HASH");
  const rangeKey = keyOfType(table.KeySchema, "RANGE");
  if (name !== hashKey) throw malformed(`The hash key of ${tableName} is ${hashKey}, not ${name}.`);

  const value = (attribute: string, text: string): Attributes[string] => {
    const type = table.AttributeDefinitions?.find(
      ({ AttributeName }) => AttributeName === attribute,
    )?.AttributeType;
    if (type === "N") return { N: text };
    return type === "B" ? { B: Buffer.from(text, "base64") } : { S: text };
  };
  const rest = id.slice(tableName.length + name.length + 2);
  if (rangeKey === undefined)
    return { keys: { tableName, hashKey }, key: { [hashKey]: value(hashKey, rest) } };
  const separator = `|${rangeKey}|`;
  const at = rest.indexOf(separator);
  if (at < 0) throw malformed(`The range key of ${tableName} is ${rangeKey}, which the id lacks.`);
  return {
    keys: { tableName, hashKey, rangeKey },
    key: {
      [hashKey]: value(hashKey, rest.slice(0, at)),
      [rangeKey]: value(rangeKey, rest.slice(at + separator.length)),
    },
  };
}
