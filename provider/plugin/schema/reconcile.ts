import type { Field, Fields, Item } from "../../../staging/schema/fields.ts";
import type { Json, Properties } from "../types.ts";
import { differs, isDefault } from "./compare.ts";

/**
 * The fields as AWS has them, in the form of `known` (the inputs, or the state) where the meaning is the same: its text
 * of a JSON document, its order of an unordered list. So two reads of the same resource are identical.
 */
export function reconcileFields(fields: Fields, known: Properties, actual: Properties): Properties {
  const result: Properties = {};
  for (const [name, field] of Object.entries(fields)) {
    const value = reconcile(field, known[name], actual[name]);
    if (value !== undefined) result[name] = value;
  }
  return result;
}

function reconcile(field: Field, known: Json | undefined, actual: Json | undefined): Json | undefined {
  if (field.unreported && actual === undefined) return known ?? field.default;
  if (known === undefined || known === null) return actual;
  if (actual === undefined || actual === null) return differs(field, actual, known) ? undefined : known;
  const { shape } = field;
  switch (shape.kind) {
    case "document":
      return differs(field, actual, known) ? actual : known;
    case "object":
      return reconcileFields(shape.fields, known as Item, actual as Item);
    case "list": {
      const { of, keyOf } = shape;
      const before = known as Json[];
      const items = actual as Json[];
      if (keyOf === undefined) return items.map((item, index) => reconcile(of, before[index], item) ?? item);
      const place = new Map(before.map((item, index) => [keyOf(item), index]));
      const placeOf = (item: Json) => place.get(keyOf(item)) ?? before.length;
      return [...items]
        .sort((a, b) => placeOf(a) - placeOf(b))
        .map((item) => reconcile(of, before[placeOf(item)], item) ?? item);
    }
    default:
      return actual;
  }
}

/**
 * The inputs after a refresh: the declared ones, in the program's own form where nothing changed, and the properties
 * that were set outside the program.
 */
export function refreshedInputs(fields: Fields, declared: Properties, outputs: Properties): Properties {
  const inputs: Properties = {};
  for (const [name, field] of Object.entries(fields)) {
    const before = declared[name];
    const now = outputs[name];
    const changed = differs(field, now, before);
    const value = before !== undefined && !changed ? before : now;
    if (value !== undefined && (before !== undefined || changed)) inputs[name] = value;
  }
  return inputs;
}

/** The inputs that would create the resource as it was read: all values that differ in meaning from their absence. */
export function importedInputs(fields: Fields, outputs: Properties): Properties {
  const inputs: Properties = {};
  for (const [name, field] of Object.entries(fields)) {
    const value = outputs[name];
    if (value === undefined || field.alternative || !(field.required || !isDefault(field, value))) continue;
    inputs[name] = importedValue(field, value);
  }
  return inputs;
}

function importedValue(field: Field, value: Json): Json {
  const { shape } = field;
  if (shape.kind === "object") return importedInputs(shape.fields, value as Item);
  if (shape.kind === "list") return (value as Json[]).map((item) => importedValue(shape.of, item));
  return value;
}
