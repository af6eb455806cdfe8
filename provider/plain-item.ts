import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { convertToNative } from "@aws-sdk/util-dynamodb";

/**
 * The attributes of a DynamoDB item as plain values. A value that JavaScript cannot represent, such as a number with too many digits,
 * becomes `null`, and the parser reports it. An SDK error would fail the whole read.
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
