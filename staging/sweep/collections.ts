import { isMap, isSeq, type Node, type Scalar } from "yaml";
import { nearest } from "../nearest.ts";
import { shown } from "../printable.ts";
import { MAX_SHOWN } from "./problems.ts";
import { type Shape, sourceOf } from "./reader.ts";

interface ListOptions {
  readonly expected: string;
  readonly least?: number;
  readonly most: number;
  /** Whether items must be unique. */
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
          reader.add(child, `${at}: ${shown(String(value))} is already in the list, at ${path}[${earlier}]`);
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

type Keys = { readonly [name: string]: Key<unknown> };

/** The values of the present keys. */
export type ValuesOf<K extends Keys> = {
  readonly [N in keyof K]?: K[N] extends Key<infer T> ? T : never;
};

/** A mapping with fixed optional keys. An unknown key is an error that suggests the nearest key. */
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
          // The search is slow, and further problems are only counted.
          const isShown = reader.problems.length < MAX_SHOWN;
          const typed = name.slice(0, 64).toLowerCase().replaceAll("-", "_");
          const near = isShown ? nearest(typed, names) : undefined;
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
