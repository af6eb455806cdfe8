import structs from "google-protobuf/google/protobuf/struct_pb.js";
import { markedAs, withoutSecrets } from "./secrets.ts";
import type { Json, Properties } from "./types.ts";

/** An unknown value in previews and checks. `plugin.UnknownStringValue` of the engine. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

// The engine has one for each type.
const UNKNOWNS: ReadonlySet<unknown> = new Set([
  UNKNOWN,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // boolean
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
  "030794c1-ac77-496b-92df-f27374a8bd58", // asset
  "e48ece36-62e2-4504-bad9-02848725956a", // archive
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);

/** Whether the value is unknown. */
export function isUnknown(value: unknown): boolean {
  return UNKNOWNS.has(value);
}

/** Whether the value, or anything in it, is unknown. */
export function containsUnknowns(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return isUnknown(value);
  return Object.values(value).some(containsUnknowns);
}

/** A protobuf struct as JSON, with marked secrets; an absent struct is empty. */
export function decodeMarked(struct: structs.Struct | undefined): Properties {
  return struct === undefined ? {} : (struct.toJavaScript() as Properties);
}

/** A protobuf struct as plain JSON; an absent struct is empty. */
export function decodeStruct(struct: structs.Struct | undefined): Properties {
  return withoutSecrets(decodeMarked(struct)) as Properties;
}

/**
 * Plain JSON as a protobuf struct. Omits undefined properties.
 * @param inputs the result of a secret input is secret
 */
export function encodeStruct(properties: Properties, inputs?: structs.Struct): structs.Struct {
  return structs.Struct.fromJavaScript(
    withoutUndefined(markedAs(decodeMarked(inputs), properties)) as Parameters<
      typeof structs.Struct.fromJavaScript
    >[0],
  );
}

function withoutUndefined(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter((entry): entry is [string, Json] => entry[1] !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutUndefined(item)]));
}
