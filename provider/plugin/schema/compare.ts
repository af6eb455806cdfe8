import type { Field, Fields, Item, ListShape } from "../../../staging/schema/fields.ts";
import { canonicalJson } from "../../../staging/schema/json.ts";
import type { Difference, Json, Properties } from "../types.ts";
import { containsUnknowns, isUnknown } from "../values.ts";

/**
 * Compares the state that was read from AWS with the wanted values. A property that AWS has, and that is neither
 * declared nor chosen by AWS, is a difference too, so an update reverts manual changes.
 */
export function compareFields(fields: Fields, actual: object, desired: object): Difference {
  // Handlers use their own types for these objects; the values are JSON.
  const [state, wanted] = [actual as Properties, desired as Properties];
  const changed = Object.entries(fields).filter(
    ([name, field]) => !field.ignored && differs(field, state[name], wanted[name]),
  );
  const replaces = changed.filter(([, field]) => field.replaces).map(([name]) => name);
  const keepsName = Object.entries(fields).some(
    ([name, field]) => field.names && !differs(field, state[name], wanted[name]),
  );
  return {
    replaces,
    updates: changed.filter(([, field]) => !field.replaces).map(([name]) => name),
    deleteBeforeReplace: replaces.length > 0 && keepsName,
  };
}

/** Whether a value differs in meaning from the wanted one. An unknown value counts as different. */
export function differs(field: Field, state: Json | undefined, wanted: Json | undefined): boolean {
  if (isUnknown(wanted)) return true;
  if (wanted === undefined || wanted === null)
    return !(field.computed || isDefault(field, state, "computed"));
  if (state === undefined || state === null) return !isDefault(field, wanted);
  const { shape } = field;
  switch (shape.kind) {
    case "string":
    case "integer":
    case "number":
    case "boolean":
      return state !== wanted;
    case "document":
      return !(typeof state === "string" && typeof wanted === "string" && shape.same(state, wanted));
    case "strings":
      return containsUnknowns(wanted) || !sameStrings(state as Item, wanted as Item);
    case "json":
      return containsUnknowns(wanted) || canonicalJson(state) !== canonicalJson(wanted);
    case "object": {
      const normal = (value: Json): Item =>
        shape.normal && !containsUnknowns(value) ? shape.normal(value as Item) : (value as Item);
      const actual = normal(state);
      const desired = normal(wanted);
      return Object.entries(shape.fields).some(([name, inner]) =>
        differs(inner, actual[name], desired[name]),
      );
    }
    case "list":
      return listsDiffer(shape, state as Json[], wanted as Json[]);
  }
}

function listsDiffer({ of, keyOf }: ListShape, state: Json[], wanted: Json[]): boolean {
  if (state.length !== wanted.length) return true;
  if (keyOf === undefined || wanted.some((item) => isUnknown(item) || isUnknown(keyOf(item)))) {
    return wanted.some((item, index) => differs(of, state[index], item));
  }
  const byKey = new Map(state.map((item) => [keyOf(item), item]));
  return wanted.some((item) => {
    const same = byKey.get(keyOf(item));
    return same === undefined || differs(of, same, item);
  });
}

/**
 * Whether a value means the same as its absence: it is the default, or how AWS's XML and JSON express "not set".
 * @param besides "computed": ignores members that AWS chooses
 */
export function isDefault(field: Field, value: Json | undefined, besides?: "computed"): boolean {
  if (value === undefined || value === null || value === field.default) return true;
  const { shape } = field;
  if (isUnknown(value)) return false;
  if (shape.kind === "object" && typeof value === "object" && !Array.isArray(value)) {
    return Object.entries(shape.fields).every(
      ([name, inner]) => (besides && inner.computed) || isDefault(inner, value[name], besides),
    );
  }
  if (field.default !== undefined) return false;
  if (typeof value === "object") return Object.keys(value).length === 0;
  return value === "" || value === false || value === 0;
}

function sameStrings(a: Item, b: Item): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
