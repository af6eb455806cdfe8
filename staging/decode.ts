import * as v from "valibot";
import { InputError } from "./errors.ts";
import { isRecord } from "./type-guards.ts";

/*
 * Schemas of what other programs, other versions and people write: configuration, items of tables, files. A schema is the one declaration
 * of a value: its type is `v.InferOutput` of it.
 */

/** A problem of a value, with its path: `regions[1].start`. The path is empty if the value itself is wrong. */
export interface Problem {
  readonly path: string;
  readonly message: string;
  /** Whether there is no value at that place. */
  readonly isMissing: boolean;
}

/**
 * The value that a schema describes.
 * @param fail makes the error of the first problem
 */
export function decode<const S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  fail: (problem: Problem) => Error,
): v.InferOutput<S> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [{ path = [], message, input }] = result.issues;
  const [first = "", ...others] = path.map(({ key }) => key as string | number);
  const steps = others.map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`));
  throw fail({ path: [first, ...steps].join(""), message, isMissing: input === undefined });
}

/** As {@link decode}, for what may be damaged without harm. @returns undefined for any other value */
function decodeOrNothing<const S extends v.GenericSchema>(
  schema: S,
  value: unknown,
): v.InferOutput<S> | undefined {
  const result = v.safeParse(schema, value, { abortEarly: true });
  return result.success ? result.output : undefined;
}

/** As {@link decodeOrNothing}, of JSON. */
export function decodeJson<const S extends v.GenericSchema>(
  schema: S,
  text: string,
): v.InferOutput<S> | undefined {
  try {
    return decodeOrNothing(schema, JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // a crash or a full disk has cut it off
    throw error;
  }
}

/** A value that fits `schema`, parsed by `parse`. The message of its InputError is the problem. */
export const parsed = <const S extends v.GenericSchema, T>(
  schema: S,
  parse: (value: v.InferOutput<S>) => T,
) =>
  v.pipe(
    schema,
    v.rawTransform(({ dataset, addIssue, NEVER }): T => {
      try {
        return parse(dataset.value);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        addIssue({ message: error.message });
        return NEVER;
      }
    }),
  );

/** A text that `parse` takes. */
export const text = <T>(parse: (text: string) => T) => parsed(v.string(), parse);

export const matching = (pattern: RegExp) => v.pipe(v.string(), v.regex(pattern));

/** A whole number of a range. */
export const whole = (least = 0, most = Number.MAX_SAFE_INTEGER) =>
  v.pipe(v.number(), v.safeInteger(), v.minValue(least), v.maxValue(most));

/** An object, not a list. Members that it inherits are none: `constructor` is no key. */
export const MAPPING = v.pipe(
  v.custom<Readonly<Record<string, unknown>>>(isRecord, "must be a mapping"),
  v.transform((value) => Object.assign(Object.create(null), value) as Readonly<Record<string, unknown>>),
);

/** An item of a table, in plain values. Attributes in snake_case become members in camelCase; an absent one is undefined. */
export const attributes = <const E extends v.ObjectEntries>(entries: E) =>
  v.pipe(
    MAPPING,
    v.object(entries),
    v.transform((item: Record<string, unknown>) => {
      const members = Object.keys(entries).map((name) => [camelCase(name), item[name]]);
      return Object.fromEntries(members) as Members<E>;
    }),
  );

type Members<E extends v.ObjectEntries> = {
  readonly [Name in keyof E & string as CamelCase<Name>]: v.InferOutput<E[Name]>;
};
type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;
const camelCase = (name: string): string =>
  name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
