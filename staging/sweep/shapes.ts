import { isMap, isScalar, isSeq, type Node, Scalar } from "yaml";
import { InputError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import type { Place } from "../yaml/bounded.ts";
import { ambiguityOf } from "../yaml/scalars.ts";
import { type Problem, shown } from "./problems.ts";

/** A JSON Schema, draft 2020-12. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** Reads one value of a parameter file. A value that is wrong is reported, and undefined is returned. */
export interface Shape<T> {
  /** What every value that `read` accepts fulfils. */
  readonly schema: JsonSchema;
  /** In the words of an error: `a whole number from 1 to 5`. */
  readonly expected: string;
  readonly read: (node: Node | null, path: string, reader: Reader) => T | undefined;
}

/** Collects what is wrong. */
export class Reader {
  readonly problems: Problem[] = [];
  readonly #placeOf: (node: Node) => Place;
  /** Where the value being read begins, for a value that is not there. */
  #around: Place | undefined;

  constructor(placeOf: (node: Node) => Place) {
    this.#placeOf = placeOf;
  }

  placeOf(node: Node | null): Place | undefined {
    return node === null ? this.#around : this.#placeOf(node);
  }

  /** Reads the value of a key. */
  under<T>(key: Node, read: () => T): T {
    const outer = this.#around;
    this.#around = this.#placeOf(key);
    const result = read();
    this.#around = outer;
    return result;
  }

  add(node: Node | null, message: string, fix?: string): undefined {
    this.problems.push({ place: this.placeOf(node), message, ...(fix === undefined ? {} : { fix }) });
    return undefined;
  }

  wrong(node: Node | null, path: string, expected: string): undefined {
    const got = node === null || isNothing(node) ? "nothing" : kindOf(node);
    return this.add(node, `${path}: expected ${expected}, got ${got}`);
  }
}

const isNothing = (node: Node): boolean => isScalar(node) && node.value === null;

function kindOf(node: Node): string {
  if (isSeq(node)) return "a list";
  if (isMap(node)) return "a mapping";
  return isScalar(node) ? shown(sourceOf(node)) : "something else";
}

/** A scalar as it is written: a plain word unchanged, a quoted one without its quotes. */
export const sourceOf = (scalar: Scalar): string =>
  isPlain(scalar) ? (scalar.source ?? "") : String(scalar.value);

const isPlain = (scalar: Scalar): boolean => scalar.type === undefined || scalar.type === Scalar.PLAIN;

interface TextOptions<T> {
  readonly expected: string;
  readonly schema?: JsonSchema;
  /** @throws InputError for a text that is not `expected` */
  readonly parse: (text: string) => T;
}

/** A string. A plain word that some reader of YAML takes for something else must be in quotes. */
export function text<T>({ expected, schema = {}, parse }: TextOptions<T>): Shape<T> {
  return {
    expected,
    schema: { type: "string", ...schema },
    read(node, path, reader) {
      if (!isScalar(node) || node.value === null) return reader.wrong(node, path, expected);
      const source = sourceOf(node);
      if (isPlain(node)) {
        const taken = ambiguityOf(source) ?? (typeof node.value === "string" ? undefined : kindOfValue(node));
        if (taken !== undefined) {
          return reader.add(
            node,
            `${path}: expected ${expected}; ${source} without quotes is ${taken}`,
            `Put it in quotes: ${JSON.stringify(source)}`,
          );
        }
      }
      try {
        return parse(source);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        const why = error.why === undefined ? "" : `. ${error.why}`;
        return reader.add(node, `${path}: ${error.message}${why}`, error.fix);
      }
    },
  };
}

const kindOfValue = ({ value }: Scalar): string =>
  typeof value === "boolean" ? "a truth value" : "a number";

/** A text with a pattern, which is the schema's, too. */
export function matching(pattern: string, expected: string, maxLength: number): Shape<string> {
  const expression = new RegExp(pattern, "u");
  return text({
    expected,
    schema: { pattern, maxLength },
    parse(value) {
      if (value.length <= maxLength && expression.test(value)) return value;
      throw new InputError(`expected ${expected}, got ${shown(value)}`);
    },
  });
}

/** One of some words. */
export function oneOf<const T extends string>(words: readonly T[]): Shape<T> {
  const expected = `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
  return text({
    expected,
    schema: { enum: words },
    parse(value) {
      const word = words.find((known) => known === value);
      if (word !== undefined) return word;
      const near = nearest(value.toLowerCase(), words);
      throw new InputError(`expected ${expected}, got ${shown(value)}`, {
        ...(near === undefined ? {} : { fix: `Did you mean ${near}?` }),
      });
    },
  });
}

/** A whole number in decimal digits, without quotes. */
export function integer(minimum: number, maximum: number): Shape<number> {
  const expected = `a whole number from ${minimum} to ${maximum}`;
  return {
    expected,
    schema: { type: "integer", minimum, maximum },
    read(node, path, reader) {
      const source = isScalar(node) && isPlain(node) ? sourceOf(node) : "";
      const value = /^(0|[1-9]\d{0,14})$/.test(source) ? Number(source) : Number.NaN;
      return value >= minimum && value <= maximum ? value : numberProblem(node, path, expected, reader);
    },
  };
}

/** A decimal number without quotes, of at most six decimals, as it is written. */
export function decimal(expected: string, schema: JsonSchema, most: number): Shape<string> {
  return {
    expected,
    schema: { type: "number", exclusiveMinimum: 0, maximum: most, ...schema },
    read(node, path, reader) {
      const source = isScalar(node) && isPlain(node) ? sourceOf(node) : "";
      const value = /^(0|[1-9]\d{0,14})(\.\d{1,6})?$/.test(source) ? Number(source) : Number.NaN;
      return value > 0 && value <= most ? source : numberProblem(node, path, expected, reader);
    },
  };
}

function numberProblem(node: Node | null, path: string, expected: string, reader: Reader): undefined {
  if (isScalar(node) && !isPlain(node) && /^[\d.]+$/.test(String(node.value))) {
    return reader.add(node, `${path}: expected ${expected}, got a text`, "Leave the quotes out.");
  }
  return reader.wrong(node, path, expected);
}

interface ListOptions {
  readonly expected: string;
  readonly least?: number;
  readonly most: number;
  /** Whether an item may be given once only. */
  readonly unique?: boolean;
}

/** A list of values of one shape. */
export function list<T>(
  item: Shape<T>,
  { expected, least = 1, most, unique = false }: ListOptions,
): Shape<readonly T[]> {
  return {
    expected,
    schema: {
      type: "array",
      items: item.schema,
      minItems: least,
      maxItems: most,
      ...(unique ? { uniqueItems: true } : {}),
    },
    read(node, path, reader) {
      if (!isSeq(node)) return reader.wrong(node, path, expected);
      const nodes = node.items as readonly (Node | null)[];
      if (nodes.length < least || nodes.length > most) {
        return reader.add(node, `${path}: expected ${expected}, got a list of ${nodes.length}`);
      }
      const seen = new Map<T, number>();
      const values = nodes.flatMap((child, place): T[] => {
        const at = `${path}[${place}]`;
        const value = item.read(child, at, reader);
        if (value === undefined) return [];
        const earlier = seen.get(value);
        if (unique && earlier !== undefined) {
          reader.add(child, `${at}: ${shown(String(value))} is in the list already, at ${path}[${earlier}]`);
        }
        seen.set(value, place);
        return [value];
      });
      return values.length === nodes.length ? values : undefined;
    },
  };
}

interface MapOptions {
  readonly expected: string;
  readonly most: number;
}

/** A mapping from names of one shape to values of another one, in the order of the file. */
export function mapOf<K extends string, T>(
  key: Shape<K>,
  value: Shape<T>,
  { expected, most }: MapOptions,
): Shape<readonly (readonly [K, T])[]> {
  return {
    expected,
    schema: {
      type: "object",
      propertyNames: key.schema,
      additionalProperties: value.schema,
      minProperties: 1,
      maxProperties: most,
    },
    read(node, path, reader) {
      if (!isMap(node)) return reader.wrong(node, path, expected);
      if (node.items.length === 0 || node.items.length > most) {
        return reader.add(node, `${path}: expected ${expected}, got a mapping of ${node.items.length} keys`);
      }
      const pairs = node.items.flatMap((pair): (readonly [K, T])[] => {
        const keyNode = pair.key as Node;
        const name = key.read(keyNode, path, reader);
        if (name === undefined) return [];
        const read = reader.under(keyNode, () =>
          value.read(pair.value as Node | null, `${path}.${name}`, reader),
        );
        return read === undefined ? [] : [[name, read]];
      });
      return pairs.length === node.items.length ? pairs : undefined;
    },
  };
}

/** One key of a mapping with fixed keys. */
export interface Key<T> {
  readonly description: string;
  readonly shape: Shape<T>;
}

export type Keys = { readonly [name: string]: Key<unknown> };

/** The values of the keys that are there. */
export type ValuesOf<K extends Keys> = {
  readonly [N in keyof K]?: K[N] extends Key<infer T> ? T : never;
};

/** A mapping with fixed keys, each of which may be absent. An unknown key is an error that names the nearest one. */
export function record<K extends Keys>(keys: K, expected: string): Shape<ValuesOf<K>> {
  const names = Object.keys(keys);
  const schemas = names.map((name) => {
    const { description, shape } = keys[name] as Key<unknown>;
    return [name, { description, ...shape.schema }] as const;
  });
  return {
    expected,
    schema: { type: "object", properties: Object.fromEntries(schemas), additionalProperties: false },
    read(node, path, reader) {
      if (!isMap(node)) return reader.wrong(node, path || "the file", expected);
      const values = new Map<string, unknown>();
      for (const pair of node.items) {
        const keyNode = pair.key as Scalar;
        const name = sourceOf(keyNode);
        const at = path === "" ? name : `${path}.${name}`;
        if (!Object.hasOwn(keys, name)) {
          const near = nearest(name.toLowerCase().replaceAll("-", "_"), names);
          reader.add(
            keyNode,
            `${path === "" ? "" : `${path}: `}unknown key ${shown(name)}; expected one of ${names.join(", ")}`,
            near === undefined ? undefined : `Did you mean ${near}?`,
          );
          continue;
        }
        const { shape } = keys[name] as Key<unknown>;
        const value = reader.under(keyNode, () => shape.read(pair.value as Node | null, at, reader));
        if (value !== undefined) values.set(name, value);
      }
      return Object.fromEntries(values) as ValuesOf<K>;
    },
  };
}
