import type { AttributeValue, UpdateItemCommandInput } from "@aws-sdk/client-dynamodb";
import type { Attributes } from "./attribute-values.ts";

type Expression = Pick<
  UpdateItemCommandInput,
  "UpdateExpression" | "ExpressionAttributeNames" | "ExpressionAttributeValues"
>;

/**
 * Sets every attribute of `after` and removes those that only `before` has, except for the keys, which cannot be set.
 * Without other attributes the expression is absent, and the update only creates the item.
 */
export function updateExpression(before: Attributes, after: Attributes, keys: readonly string[]): Expression {
  const set = Object.keys(after).filter((name) => !keys.includes(name));
  const remove = Object.keys(before).filter((name) => !keys.includes(name) && after[name] === undefined);
  if (set.length + remove.length === 0) return {};
  const names = [...set, ...remove];
  const clauses = [
    ...(set.length > 0 ? [`SET ${set.map((_, index) => `#a${index} = :v${index}`).join(", ")}`] : []),
    ...(remove.length > 0
      ? [`REMOVE ${remove.map((_, index) => `#a${set.length + index}`).join(", ")}`]
      : []),
  ];
  return {
    UpdateExpression: clauses.join(" "),
    ExpressionAttributeNames: Object.fromEntries(names.map((name, index) => [`#a${index}`, name])),
    ...(set.length > 0 && {
      ExpressionAttributeValues: Object.fromEntries(
        set.map((name, index) => [`:v${index}`, after[name] as AttributeValue]),
      ),
    }),
  };
}
