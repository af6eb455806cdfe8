import { FILE_SHAPE } from "./file.ts";
import { EXCLUSIVE, REQUIRED } from "./keys.ts";
import type { JsonSchema } from "./reader.ts";

/** The JSON Schema of parameter files, for editors. It uses the parser's own table of keys. */
export function sweepSchema(): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Parameter file of spawn launch",
    ...FILE_SHAPE.schema,
    required: REQUIRED,
    allOf: [
      ...EXCLUSIVE.map((keys) => ({ not: { required: keys } })),
      {
        if: { properties: { distribution: { const: "proportional" } }, required: ["distribution"] },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { properties: { regions: WITH_COUNTS }, required: ["regions"] },
      },
      {
        if: { properties: { distribution: { const: "even" } }, required: ["distribution"] },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { properties: { regions: { type: "array", items: { type: "string" } } } },
      },
    ],
  };
}

const WITH_COUNTS: JsonSchema = { anyOf: [{ type: "object" }, { items: { type: "object" } }] };

/** The text of `schemas/sweep.schema.json`. */
export const sweepSchemaText = (): string => `${JSON.stringify(sweepSchema(), null, 2)}\n`;
