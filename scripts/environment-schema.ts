import { toJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import { ITEM_KEYS } from "../staging/entry-values.ts";
import { ENVIRONMENT_VALUES } from "../staging/environment-values.ts";

type JsonSchema = Readonly<Record<string, unknown>>;

/** The JSON Schema of a mapping, from the declaration that parses it. */
function schemaOf(entries: v.ObjectEntries): {
  readonly properties: JsonSchema;
  readonly required: string[];
} {
  const { properties = {}, required = [] } = toJsonSchema(v.strictObject(entries), {
    typeMode: "input",
    errorMode: "ignore", // a description has the keywords of what the library does not know
    target: "draft-07",
  });
  return { properties: properties as JsonSchema, required };
}

/**
 * The JSON Schema of `Pulumi.<environment>.yaml`, for editors. It accepts the form of keys that the files document:
 * `spawn:regions`, and not `regions` alone. Editors know draft 7.
 */
function environmentSchema(): JsonSchema {
  const item = schemaOf(ITEM_KEYS);
  const { properties, required } = schemaOf(ENVIRONMENT_VALUES);
  const keys = Object.entries(properties).map(([key, schema]) => [`spawn:${key}`, schema] as const);
  const entries = {
    ...(properties["entries"] as JsonSchema),
    type: ["array", "null"],
    items: { type: "object", ...item, additionalProperties: false },
  };
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Settings file of an environment of spawn: Pulumi.<environment>.yaml",
    type: "object",
    properties: {
      config: {
        description: "The configuration of the environment's stack.",
        type: "object",
        properties: {
          "aws:profile": {
            description:
              "The AWS profile of all users of this environment. Default: the profile of the shell.",
            type: "string",
          },
          "aws:region": { description: "Ignored: each resource names its region.", type: "string" },
          ...Object.fromEntries(keys),
          "spawn:entries": entries,
        },
        patternProperties: { "^(?!(spawn|aws):)[^:]+:": {} },
        required: required.map((key) => `spawn:${key}`),
        additionalProperties: false,
      },
      // https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/
      encryptionsalt: { description: "Written by Pulumi. No secret.", type: "string" },
      secretsprovider: { type: "string" },
      encryptedkey: { type: "string" },
      environment: {},
    },
    required: ["config"],
    additionalProperties: false,
  };
}

/** The text of `schemas/environment.schema.json`. */
export const environmentSchemaText = (): string => `${JSON.stringify(environmentSchema(), null, 2)}\n`;
