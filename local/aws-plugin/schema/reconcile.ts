import type { Json, Properties } from "../../../provider/plugin/types.ts";
import { differs } from "./compare.ts";
import type { Field, Fields, Item } from "./fields.ts";

/**
 * The fields as AWS has them, in the words of `known` (the inputs, or the state) wherever the meaning is the same: its
 * text of a JSON document, its order of a list that has none. So what is read twice is equal to the letter.
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
 * The inputs that a program would have to declare for what was read: those it did declare, in its own words where
 * nothing changed; while importing, everything that is set and not AWS's own choice.
 */
export function inputsOf(fields: Fields, declared: Properties | undefined, outputs: Properties): Properties {
  const inputs: Properties = {};
  for (const [name, field] of Object.entries(fields)) {
    const before = declared?.[name];
    const now = outputs[name];
    if (before !== undefined) {
      const value = differs(field, now, before) ? now : before;
      if (value !== undefined) inputs[name] = value;
    } else if (now !== undefined && (field.required || (!field.computed && differs(field, now, undefined)))) {
      inputs[name] = now;
    }
  }
  return inputs;
}
