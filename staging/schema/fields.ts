import type { Json } from "./json.ts";

/**
 * The properties of a resource type, declared once: their values, AWS's defaults, the effect of a change.
 * `provider/plugin/schema/` uses this table for check, diff and read.
 *
 *
 */
export type Fields = Readonly<Record<string, Field>>;

/** @typeParam T the values; @typeParam Given whether a checked set of inputs always has it */
export interface Field<T = unknown, Given extends boolean = boolean> extends Options {
  readonly shape: Shape;
  /** Carry the parameters for {@link InputsOf}; never set. */
  readonly typeOfValue?: T;
  readonly typeOfGiven?: Given;
}

interface Options {
  /** One or two sentences for the published schema. */
  readonly description?: string;
  readonly required?: true;
  /** The input if the program gives none. */
  readonly default?: string | number | boolean;
  /** A change replaces the resource. */
  readonly replaces?: true;
  /** A change alone is no difference. */
  readonly ignored?: true;
  /** An update may change this output, so its preview does not know it. */
  readonly changes?: true;
  /** The resource's name: while it stays the same, the old resource must be deleted before its replacement is created. */
  readonly names?: true;
  /** AWS chooses a value if the program gives none, so the existing value is no difference. */
  readonly computed?: boolean;
  /** Another form of a neighbouring field, so an import leaves it out. */
  readonly alternative?: true;
  /** AWS may not return it, or never receives it; then the last declared value counts. */
  readonly unreported?: true;
  /** The problem of a value with the right shape, if any. */
  readonly problem?: (value: never) => string | undefined;
}

type Shape =
  | { readonly kind: "string"; readonly oneOf?: readonly string[] }
  | IntegerShape
  | { readonly kind: "number" }
  | { readonly kind: "boolean" }
  | { readonly kind: "json" }
  | { readonly kind: "strings" }
  | { readonly kind: "document"; readonly same: (a: string, b: string) => boolean }
  | ObjectShape
  | ListShape;

interface IntegerShape {
  readonly kind: "integer";
  readonly min: number;
  readonly max: number;
  /** It may exceed 32 bits, so the published schema has `number`. */
  readonly wide?: true;
}

interface ObjectShape {
  readonly kind: "object";
  readonly fields: Fields;
  readonly normal?: (value: Item) => Item;
  /** The type's name in the published schema. */
  readonly name?: string;
}

export interface ListShape {
  readonly kind: "list";
  readonly of: Field;
  /** The key that identifies the items of an unordered list. */
  readonly keyOf?: (item: Json) => string;
  readonly min: number;
}

export type Item = { [key: string]: Json | undefined };

type Given<O> = O extends { required: true } | { default: unknown } ? true : false;

export function string<const O extends Options & { problem?: (value: string) => string | undefined }>(
  options: O,
): Field<string, Given<O>> {
  return { ...options, shape: { kind: "string" } };
}

export function choice<const V extends string, const O extends Options = object>(
  oneOf: readonly V[],
  options: O = {} as O,
): Field<V, Given<O>> {
  return { ...options, shape: { kind: "string", oneOf } };
}

type IntegerOptions = Options & Partial<Omit<IntegerShape, "kind">>;

export function integer<const O extends IntegerOptions>(options: O = {} as O): Field<number, Given<O>> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER, wide, ...rest }: IntegerOptions = options;
  return { ...rest, shape: { kind: "integer", min, max, ...(wide && { wide }) } };
}

/** A number with a fraction. */
export function number<const O extends Options>(options: O = {} as O): Field<number, Given<O>> {
  return { ...options, shape: { kind: "number" } };
}

export function boolean<const O extends Options>(options: O = {} as O): Field<boolean, Given<O>> {
  return { ...options, shape: { kind: "boolean" } };
}

/** A map of strings, such as tags. */
export function strings<const O extends Options>(
  options: O = {} as O,
): Field<Record<string, string>, Given<O>> {
  return { ...options, shape: { kind: "strings" } };
}

/** A string that `same` compares by meaning: a policy, an item. */
export function document<const O extends Options & { problem?: (value: string) => string | undefined }>(
  same: (a: string, b: string) => boolean,
  options: O,
): Field<string, Given<O>> {
  return { ...options, shape: { kind: "document", same } };
}

type ObjectOptions = Options & Pick<ObjectShape, "normal" | "name">;

/**
 * @param normal normalizes a value with several forms before the comparison
 * @param name of the type, for the published schema
 */
export function object<F extends Fields, const O extends ObjectOptions>(
  fields: F,
  options: O = {} as O,
): Field<InputsOf<F>, Given<O>> {
  const { normal, name, ...rest }: ObjectOptions = options;
  return { ...rest, shape: { kind: "object", fields, ...(normal && { normal }), ...(name && { name }) } };
}

/** An object defined by another API. Only its content counts, not the order of its keys. */
export function json<T extends object, const O extends Options = object>(
  options: O = {} as O,
): Field<T, Given<O>> {
  return { ...options, shape: { kind: "json" } };
}

/** @param keyOf identifies the items of a list whose order AWS does not keep */
export function list<T, const O extends Options & { keyOf?: (item: T) => string; min?: number }>(
  of: Field<T>,
  options: O = {} as O,
): Field<T[], Given<O>> {
  const { keyOf, min = 0, ...rest }: Options & { keyOf?: (item: T) => string; min?: number } = options;
  return {
    ...rest,
    shape: { kind: "list", of, min, ...(keyOf && { keyOf: keyOf as unknown as (item: Json) => string }) },
  };
}

/** Unique strings whose order AWS does not keep. */
export function set<const O extends Options>(options: O = {} as O): Field<string[], Given<O>> {
  return { ...options, shape: { kind: "list", of: string({}), min: 0, keyOf: (item) => String(item) } };
}

type GivenKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends Field<unknown, true> ? K : never;
}[keyof F];
/** The values of one field. */
export type ValueOf<F> = F extends Field<infer T> ? T : never;

/** The values of the fields `F` after a check. */
export type InputsOf<F extends Fields> = { [K in GivenKeys<F>]: ValueOf<F[K]> } & {
  [K in Exclude<keyof F, GivenKeys<F>>]?: ValueOf<F[K]>;
};
