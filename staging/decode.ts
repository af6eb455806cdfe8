import * as v from "valibot";
import { InputError } from "./errors.ts";
import { omitUndefined } from "./omit.ts";
import { asKey } from "./option.ts";
import { shown } from "./printable.ts";
import { isRecord } from "./type-guards.ts";

/*
 * Schemas of what other programs, other versions and people write: configuration, items of tables, files. A schema is the one declaration
 * of a value: its type is `v.InferOutput` of it.
 */

/** A problem of a value, with its path: `regions[1].start`. The path is empty if the value itself is wrong. */
export interface Problem {
  readonly path: string;
  /** A predicate: `is missing`, `must be a text`. */
  readonly message: string;
  /** The rule. */
  readonly why?: string | undefined;
  /** A valid value, with its key. */
  readonly fix?: string | undefined;
  /** The path, step by step. */
  readonly keys?: readonly (string | number)[];
  /** Whether the last step is a key that the declaration does not have. */
  readonly isUnknownKey?: boolean;
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
  throw fail(problemOf(result.issues[0]));
}

function problemOf({ path, message, input, type, expected, received }: v.BaseIssue<unknown>): Problem {
  const steps: readonly { readonly key: unknown }[] = path ?? [];
  return {
    path: steps.map(({ key }, at) => step(key, at)).join(""),
    message: input === undefined ? "is missing" : message,
    why: type.startsWith("raw_") ? (expected ?? undefined) : undefined,
    fix: type === "raw_transform" ? received || undefined : undefined,
    keys: steps.map(({ key }) => (typeof key === "number" ? key : String(key))),
  };
}

/** The value of a mapping with these keys and no others, or all its problems. */
export function decodeMapping<const E extends v.ObjectEntries>(
  entries: E,
  value: unknown,
):
  | { readonly output: v.InferOutput<v.ObjectSchema<E, undefined>> }
  | { readonly problems: readonly Problem[] } {
  if (!isRecord(value)) return { problems: [{ path: "", message: "must be a mapping", keys: [] }] };
  const unknown = Object.keys(value).filter((key) => !Object.hasOwn(entries, key));
  const result = v.safeParse(v.pipe(MAPPING, v.object(entries)), value);
  if (result.success && unknown.length === 0) return { output: result.output };
  const why = `The keys are ${Object.keys(entries).join(", ")}.`;
  return {
    problems: [
      ...unknown.map((key) => ({
        ...{ path: step(key, 0), message: "is not a known key", why },
        ...{ keys: [key], isUnknownKey: true },
      })),
      ...(result.issues ?? []).map(problemOf),
    ],
  };
}

function step(key: unknown, at: number): string {
  if (typeof key === "number") return `[${key}]`;
  const name = String(key);
  const shown = /^[\w.-]{1,60}$/.test(name) ? name : JSON.stringify(name.slice(0, 60));
  return at === 0 ? shown : `.${shown}`;
}

/** Makes errors such as `file: spawn:sweep: regions[0].start must be a text`. */
export const inputErrorAt =
  (where: string) =>
  ({ path, message, why }: Problem): InputError =>
    new InputError(
      path === "" ? `${where} ${message}` : `${where}: ${path} ${message}`,
      omitUndefined({ why }),
    );

/** As {@link decode}, of JSON that may be missing or damaged without harm. @returns undefined then */
export function decodeJson<const S extends v.GenericSchema>(
  schema: S,
  text: string | undefined,
): v.InferOutput<S> | undefined {
  if (text === undefined) return undefined;
  try {
    const result = v.safeParse(schema, JSON.parse(text), { abortEarly: true });
    return result.success ? result.output : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // a crash or a full disk has cut it off
    throw error;
  }
}

/** The problem that a parser's InputError states. @throws any other error */
function problemIn(error: unknown): Omit<Problem, "path"> {
  if (!(error instanceof InputError)) throw error;
  const { message, why, fix } = error.spelled(asKey);
  return { message: `is not valid: ${message}`, why, fix };
}

/** The InputError of a check, as a problem of the value of `key`. */
export function problemAt(key: string, check: () => void): Problem[] {
  try {
    check();
    return [];
  } catch (error) {
    return [{ path: key, ...problemIn(error), keys: [key] }];
  }
}

/** A value that fits `schema`, parsed by `parse`. Its InputError is the problem. */
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
        const { message, why, fix = "" } = problemIn(error);
        // An issue has no members of its own: these two have the rule and a valid value.
        addIssue({ message, received: fix, ...omitUndefined({ expected: why }) });
        return NEVER;
      }
    }),
  );

/**
 * A value with its description, and what else a JSON Schema says about it: its parser is code, which a JSON Schema
 * does not show.
 */
export const described = <const S extends v.GenericSchema>(
  schema: S,
  description: string,
  shape: JsonShape = {},
) => v.pipe(schema, v.metadata({ description, ...shape }));

/** Keywords of a JSON Schema. */
export type JsonShape = Readonly<Record<string, unknown>>;

const TEXT = v.string("must be a text");

/** A text that `parse` takes. */
export const text = <T>(parse: (text: string) => T) => parsed(TEXT, parse);

export const matching = (pattern: RegExp, message?: string) =>
  v.pipe(
    v.string(message ?? "must be a text"),
    v.regex(
      pattern,
      ({ input }) => message ?? `is not valid: ${shown(input)} has another form than ${pattern.source}`,
    ),
  );

/** A whole number of a range. */
export const whole = (least = 0, most = Number.MAX_SAFE_INTEGER) => {
  const message = `must be a whole number from ${least} to ${most}`;
  return v.pipe(
    v.number(message),
    v.safeInteger(message),
    v.minValue(least, message),
    v.maxValue(most, message),
  );
};

export const FLAG = v.boolean("must be true or false");

export const word = <const T extends string>(words: readonly T[]) =>
  v.picklist(words, `must be one of ${words.join(", ")}`);

export const list = <const S extends v.GenericSchema>(item: S, message = "must be a list") =>
  v.pipe(v.array(item, message), v.readonly());

/** A list of at least one item. */
export const nonEmptyList = <T>(items: v.GenericSchema<unknown, readonly T[]>) =>
  v.pipe(
    items,
    v.nonEmpty("is empty"),
    v.transform((some) => some as readonly [T, ...T[]]),
  );

/** A list of different texts or numbers. */
export const different = <const S extends v.GenericSchema<unknown, string | number>>(
  item: S,
  most = Number.MAX_SAFE_INTEGER,
) =>
  v.pipe(
    list(item),
    v.maxLength(most, ({ input }) => `has ${input.length} items; the maximum is ${most}`),
    v.check(
      (items) => new Set(items).size === items.length,
      ({ input }) => `has ${shown(String(input.find((one, at) => input.indexOf(one) !== at)))} twice`,
    ),
  );

/** An object, not a list. Members that it inherits are none: `constructor` is no key. */
export const MAPPING = v.pipe(
  v.custom<Readonly<Record<string, unknown>>>(isRecord, "must be a mapping"),
  v.transform((value) => Object.assign(Object.create(null), value) as Readonly<Record<string, unknown>>),
);

/** A mapping with these keys and no others. */
export const mapping = <const E extends v.ObjectEntries>(entries: E) =>
  v.pipe(
    MAPPING,
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const input = dataset.value;
      const key = Object.keys(input).find((one) => !Object.hasOwn(entries, one));
      if (key === undefined) return;
      const expected = `The keys are ${Object.keys(entries).join(", ")}.`;
      const path = { type: "object", origin: "key", input, key, value: input[key] } as const;
      addIssue({ message: "is not a known key", expected, input: key, path: [path] });
    }),
    v.object(entries),
    v.readonly(),
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
