import type { Field, Fields } from "../staging/schema/fields.ts";
import type { ComponentDeclaration } from "../staging/schema/resource.ts";

const HEADER = `// Written by node scripts/schemas.ts from staging/components/; do not edit.
import { ComponentResource, type ComponentResourceOptions, type Input, type Output } from "@pulumi/pulumi";
`;

const CHECK = `/** The plugin declares the resources, so a function that runs only in the program cannot change them. */
function checked(options: ComponentResourceOptions | undefined): ComponentResourceOptions | undefined {
  if ((options?.transformations ?? []).length === 0) return options;
  throw new Error("transformations do not reach the resources of a component that a plugin declares: use transforms");
}
`;

/** The source of `library/index.ts`: a class for each component, with the types and descriptions of its arguments and outputs. */
export function librarySource(components: readonly ComponentDeclaration[]): string {
  const objects = new Map<string, string>();
  const classes = components.map((component) => classOf(component, objects));
  return `${[HEADER, ...objects.values(), ...classes, CHECK].join("\n")}`;
}

function classOf(
  { token, description, inputs, outputs }: ComponentDeclaration,
  objects: Map<string, string>,
): string {
  const name = token.split(":").at(-1) ?? "";
  const properties = Object.entries(outputs).map(([key, field]) => {
    const type = `${typeOf(field, objects, "value")}${field.required ? "" : " | undefined"}`;
    return `${docs(field, "  ")}  declare readonly ${key}: Output<${type}>;\n`;
  });
  const unset = Object.keys(outputs).map((key) => `${key}: undefined`);
  return `/** Arguments of {@link ${name}}. */
export interface ${name}Args {
${members(inputs, objects, "input")}}

/** ${description} */
export class ${name} extends ComponentResource {
${properties.join("")}
  /**
   * @param name unique in the program; part of the URN
   * @param options \`protect\`, \`aliases\`, \`dependsOn\`, \`providers\` (the AWS provider) and \`transforms\` apply to all resources of the component
   * @throws Error if the options have \`transformations\`, which cannot reach them
   */
  constructor(name: string, args: ${name}Args, options?: ComponentResourceOptions) {
    super("${token}", name, { ${unset.join(", ")}, ...args }, checked(options), true);
  }
}
`;
}

type Side = "input" | "value";

const members = (fields: Fields, objects: Map<string, string>, side: Side): string =>
  Object.entries(fields)
    .map(([key, field]) => {
      const type = typeOf(field, objects, side);
      const whole = side === "input" ? `Input<${type}>` : type;
      return `${docs(field, "  ")}  readonly ${key}${field.required ? "" : "?"}: ${whole}${field.required ? "" : " | undefined"};\n`;
    })
    .join("");

function docs({ description, default: value }: Field, indent: string): string {
  if (description === undefined) return "";
  const withDefault = value === undefined ? "" : ` @default ${JSON.stringify(value)}`;
  return `${indent}/** ${description}${withDefault} */\n`;
}

function typeOf({ shape, description }: Field, objects: Map<string, string>, side: Side): string {
  switch (shape.kind) {
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "string":
      return shape.oneOf?.map((one) => JSON.stringify(one)).join(" | ") ?? "string";
    case "document":
      return "string";
    case "strings":
      return mapped("string", side);
    case "list": {
      const item = typeOf(shape.of, objects, side);
      return side === "input" ? `readonly Input<${item}>[]` : `readonly (${item})[]`;
    }
    case "object": {
      if (shape.name === undefined) throw new Error("an object of the library has no name");
      const name = side === "input" ? `${shape.name}Args` : shape.name;
      if (!objects.has(name))
        objects.set(
          name,
          `/** ${description} */\nexport interface ${name} {\n${members(shape.fields, objects, side)}}\n`,
        );
      return name;
    }
    case "json":
      return "object";
  }
}

const mapped = (value: string, side: Side): string =>
  `Readonly<Record<string, ${side === "input" ? `Input<${value}>` : value}>>`;
