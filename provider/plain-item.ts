import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { convertToNative } from "@aws-sdk/util-dynamodb";

/**
 * The attributes of an item of DynamoDB as plain values. One that JavaScript cannot hold, such as a number with too many digits, is
 * `null`, so that the parser names it: an error of the SDK's would stop everything else that is read with the item.
 */
export function plainItem(item: Readonly<Record<string, AttributeValue>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, plainValue(value)]));
}

function plainValue(value: AttributeValue): unknown {
  try {
    return convertToNative(value);
  } catch {
    return null;
  }
}
