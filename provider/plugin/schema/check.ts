import type { Field, Fields } from "../../../staging/schema/fields.ts";
import { isRecord } from "../../../staging/type-guards.ts";
import type { CheckFailure, Json, Properties } from "../types.ts";
import { containsUnknowns, isUnknown, UNKNOWN } from "../values.ts";

/**
 * Adds defaults to the inputs of a resource and validates them. Unknown values pass.
 * @param owner the type that has the fields, for the failures
 * @param at the path of the inputs, for the failures' property paths; "" at the top
 */
export function checkFields(
  fields: Fields,
  news: Properties,
  owner: string,
  at = "",
): { inputs: Properties; failures: CheckFailure[] } {
  const inputs: Properties = {};
  const failures: CheckFailure[] = [];
  const path = (name: string) => (at === "" ? name : `${at}.${name}`);
  for (const name of Object.keys(news)) {
    if (fields[name] === undefined && news[name] != null) {
      failures.push({
        property: path(name),
        reason: `${owner} does not support it (it supports ${Object.keys(fields).join(", ")})`,
      });
    }
  }
  for (const [name, field] of Object.entries(fields)) {
    const value = news[name] ?? field.default;
    if (value === undefined || value === null) {
      if (field.required) failures.push({ property: path(name), reason: "it is required, but not given" });
      continue;
    }
    const checked = checkValue(field, value, owner, path(name));
    inputs[name] = checked.value;
    failures.push(...checked.failures);
  }
  return { inputs, failures };
}

interface Checked {
  value: Json;
  failures: CheckFailure[];
}

function checkValue(field: Field, value: Json, owner: string, property: string): Checked {
  if (isUnknown(value)) return { value, failures: [] };
  const checked = checkShape(field, value, owner, property);
  if (checked.failures.length > 0 || field.problem === undefined || isUnknown(checked.value)) return checked;
  const reason = (field.problem as (value: Json) => string | undefined)(checked.value);
  return reason === undefined ? checked : { ...checked, failures: [{ property, reason }] };
}

function checkShape(field: Field, value: Json, owner: string, property: string): Checked {
  const { shape } = field;
  const fail = (reason: string): Checked => ({ value, failures: [{ property, reason }] });
  const expected = (what: string) => fail(`expected ${what}, got ${describe(value)}`);
  switch (shape.kind) {
    case "string":
      if (typeof value !== "string") return expected("a string");
      if (shape.oneOf && !shape.oneOf.includes(value)) {
        return fail(`expected one of ${shape.oneOf.map((one) => `"${one}"`).join(", ")}, got "${value}"`);
      }
      return { value, failures: [] };
    case "integer":
      if (typeof value !== "number" || !Number.isInteger(value)) return expected("a whole number");
      if (value < shape.min || value > shape.max) {
        const to = shape.max === Number.MAX_SAFE_INTEGER ? "" : ` to ${shape.max}`;
        return fail(`expected a whole number from ${shape.min}${to}, got ${value}`);
      }
      return { value, failures: [] };
    case "number":
      return typeof value === "number" ? { value, failures: [] } : expected("a number");
    case "boolean":
      return typeof value === "boolean" ? { value, failures: [] } : expected("true or false");
    case "strings": {
      if (!isRecord(value)) return expected("a map of strings");
      const wrong = Object.keys(value).find((key) => typeof value[key] !== "string");
      return wrong === undefined ? { value, failures: [] } : fail(`the value of "${wrong}" is not a string`);
    }
    case "document":
      if (typeof value === "string") return { value, failures: [] };
      if (!isRecord(value)) return expected("a string of JSON");
      return { value: containsUnknowns(value) ? UNKNOWN : JSON.stringify(value), failures: [] };
    case "json":
      return isRecord(value) ? { value, failures: [] } : expected("an object");
    case "object": {
      if (!isRecord(value)) return expected("an object");
      const { inputs, failures } = checkFields(shape.fields, value, owner, property);
      return { value: inputs, failures };
    }
    case "list": {
      if (!Array.isArray(value)) return expected("a list");
      if (value.length < shape.min) return fail(`expected at least ${shape.min}, got ${value.length}`);
      const items = value.map((item, index) => checkValue(shape.of, item, owner, `${property}[${index}]`));
      const failures = items.flatMap((item) => item.failures);
      const { keyOf } = shape;
      if (failures.length > 0 || keyOf === undefined)
        return { value: items.map((item) => item.value), failures };
      const keys = items.filter((item) => !isUnknown(item.value)).map((item) => keyOf(item.value));
      const twice = keys.find((key, index) => !isUnknown(key) && keys.indexOf(key) !== index);
      return {
        value: items.map((item) => item.value),
        failures: twice === undefined ? [] : [{ property, reason: `"${twice}" is there twice` }],
      };
    }
  }
}

function describe(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
