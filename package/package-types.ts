import type { Field, Fields } from "../staging/schema/fields.ts";
import type { ComponentDeclaration, Declaration, FunctionDeclaration } from "../staging/schema/resource.ts";

type Spec = Record<string, unknown>;

/** Converts declarations to the form of a Pulumi package, and collects the types of nested objects. */
export class PackageTypes {
  readonly all: Record<string, Spec> = {};
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  resource({ description, inputs, outputs }: Declaration): Spec {
    const state = this.#properties({ ...inputs, ...outputs });
    const { properties: inputProperties, required: requiredInputs } = this.#properties(inputs);
    return { description, ...state, inputProperties, requiredInputs };
  }

  component({ description, inputs, outputs }: ComponentDeclaration): Spec {
    const { properties: inputProperties, required: requiredInputs } = this.#properties(inputs);
    return {
      isComponent: true,
      description,
      ...this.#properties(outputs),
      inputProperties,
      requiredInputs,
    };
  }

  function({ description, inputs, outputs }: FunctionDeclaration): Spec {
    const object = (fields: Fields) => ({ type: "object", ...this.#properties(fields) });
    return { description, inputs: object(inputs), outputs: object(outputs) };
  }

  #properties(fields: Fields): { properties: Spec; required: string[] } {
    const names = Object.keys(fields);
    return {
      properties: Object.fromEntries(names.map((name) => [name, this.#property(fields[name])])),
      required: names.filter((name) => fields[name]?.required),
    };
  }

  #property(field: Field | undefined): Spec {
    if (field === undefined) return {};
    const { description, replaces, shape } = field;
    const values = shape.kind === "string" && shape.oneOf?.map((one) => `\`${one}\``).join(", ");
    return {
      ...this.#type(field),
      ...(description && { description: values ? `${description} One of ${values}.` : description }),
      ...(field.default !== undefined && { default: field.default }),
      ...(replaces && { replaceOnChanges: true }),
    };
  }

  #type({ shape, description }: Field): Spec {
    switch (shape.kind) {
      case "integer":
        return { type: shape.wide ? "number" : "integer" };
      case "json":
        return { type: "object", additionalProperties: { $ref: "pulumi.json#/Any" } };
      case "strings":
        return { type: "object", additionalProperties: { type: "string" } };
      case "document":
        return { type: "string" };
      case "list":
        return { type: "array", items: this.#type(shape.of) };
      case "object": {
        if (shape.name === undefined) throw new Error("an object of the published schema has no name");
        const token = `${this.#name}:index:${shape.name}`;
        this.all[token] = { type: "object", description, ...this.#properties(shape.fields) };
        return { $ref: `#/types/${token}` };
      }
      default:
        return { type: shape.kind };
    }
  }
}
