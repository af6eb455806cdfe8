import type {
  GlobalSecondaryIndex,
  GlobalSecondaryIndexDescription,
  KeySchemaElement,
} from "@aws-sdk/client-dynamodb";
import { undefinedIfEmpty } from "../../../staging/omit.ts";
import { choice, type Item, list, object, string, type ValueOf } from "../../../staging/schema/fields.ts";
import { mustMatch } from "../problem.ts";

/** Global secondary indexes of a table, in the program's form and in DynamoDB's. */

/**
 * Of a table's name, or an index's.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
 */
export const tableNameProblem = mustMatch(/^[\w.-]{3,255}$/, "must have 3 to 255 of letters, digits, . _ -");

export const globalSecondaryIndex = object(
  {
    name: string({ required: true, problem: tableNameProblem }),
    // The keys, in one of two forms.
    hashKey: string({ computed: true, alternative: true }),
    rangeKey: string({ computed: true, alternative: true }),
    keySchemas: list(
      object({
        attributeName: string({ required: true }),
        keyType: choice(["HASH", "RANGE"], { required: true }),
      }),
    ),
    projectionType: choice(["ALL", "INCLUDE", "KEYS_ONLY"], { required: true }),
    nonKeyAttributes: list(string({}), { keyOf: (name) => name }),
  },
  { problem: keysProblem, normal: normalKeys },
);

export type Index = ValueOf<typeof globalSecondaryIndex>;

export function toIndex(index: Index): GlobalSecondaryIndex {
  return {
    IndexName: index.name,
    KeySchema: keysOf(index),
    Projection: {
      ProjectionType: index.projectionType,
      NonKeyAttributes: undefinedIfEmpty(index.nonKeyAttributes),
    },
  };
}

export function fromIndex({
  IndexName = "",
  KeySchema = [],
  Projection,
}: GlobalSecondaryIndexDescription): Index {
  const hashKey = keyOfType(KeySchema, "HASH");
  const rangeKey = keyOfType(KeySchema, "RANGE");
  return {
    name: IndexName,
    ...(hashKey && { hashKey }),
    ...(rangeKey && { rangeKey }),
    keySchemas: KeySchema.map(({ AttributeName = "", KeyType = "HASH" }) => ({
      attributeName: AttributeName,
      keyType: KeyType,
    })),
    projectionType: Projection?.ProjectionType ?? "ALL",
    ...(Projection?.NonKeyAttributes?.length && {
      nonKeyAttributes: [...Projection.NonKeyAttributes].sort(),
    }),
  };
}

export function keyOfType(
  schema: readonly KeySchemaElement[] = [],
  type: "HASH" | "RANGE",
): string | undefined {
  return schema.find(({ KeyType }) => KeyType === type)?.AttributeName;
}

/** Names of the attributes that an index has as keys. */
export const indexKeys = (index: Index): string[] => keysOf(index).map(({ AttributeName }) => AttributeName);

function keysOf({ hashKey, rangeKey, keySchemas }: Index) {
  if (keySchemas?.length) {
    return keySchemas.map(({ attributeName, keyType }) => ({
      AttributeName: attributeName,
      KeyType: keyType,
    }));
  }
  return [
    ...(hashKey ? [{ AttributeName: hashKey, KeyType: "HASH" as const }] : []),
    ...(rangeKey ? [{ AttributeName: rangeKey, KeyType: "RANGE" as const }] : []),
  ];
}

/** Converts both forms of the keys to the second, for the comparison. */
function normalKeys({ hashKey: _hash, rangeKey: _range, ...index }: Item): Item {
  const schema = keysOf({ ...index, hashKey: _hash, rangeKey: _range } as Index);
  return {
    ...index,
    keySchemas: schema.map(({ AttributeName, KeyType }) => ({
      attributeName: AttributeName,
      keyType: KeyType,
    })),
  };
}

function keysProblem(value: Item): string | undefined {
  const index = value as Index;
  const { hashKey, rangeKey, keySchemas = [] } = index;
  if (keySchemas.length > 0 && (hashKey || rangeKey)) return "has keySchemas besides hashKey or rangeKey";
  if (keySchemas.length === 0 && !hashKey) return "needs keySchemas or a hashKey";
  if (keySchemas.length > 0 && !keySchemas.some(({ keyType }) => keyType === "HASH"))
    return "needs a key of type HASH";
  const names = index.nonKeyAttributes?.length ?? 0;
  if (index.projectionType === "INCLUDE" && names === 0) return "needs nonKeyAttributes to INCLUDE";
  if (index.projectionType !== "INCLUDE" && names > 0)
    return "has nonKeyAttributes, which only INCLUDE takes";
  return undefined;
}
