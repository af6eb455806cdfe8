/** DynamoDB's wire form of the values that records and sweeps use. */
export type AttributeValue =
  | { S: string }
  | { N: string }
  | { L: AttributeValue[] }
  | { M: Record<string, AttributeValue> };

/** A string. */
export const S = (text: string): AttributeValue => ({ S: text });

/** A number. */
export const N = (value: number): AttributeValue => ({ N: String(value) });
