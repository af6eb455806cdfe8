import { InputError } from "../errors.ts";
import { isRecord } from "../type-guards.ts";
import { shown } from "./problems.ts";

/**
 * Reads the values of an object that a user may have edited. Every method throws an InputError that names the place
 * and the key, and {@link Fields.end} refuses unread keys.
 *
 *
 */
export class Fields {
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #where: string;
  readonly #read = new Set<string>();

  /** @param where named in errors */
  constructor(value: unknown, where: string) {
    if (!isRecord(value)) throw new InputError(`${where} is no mapping`);
    this.#value = value;
    this.#where = where;
  }

  /** A string that `parse` accepts unchanged or normalized. */
  text<T extends string>(key: string, parse: (text: string) => T): T {
    const value = this.#of(key);
    if (typeof value !== "string") throw this.#wrong(key, "must be a text", value);
    return this.#parsed(key, () => parse(value));
  }

  /** A string with a pattern. */
  matching(key: string, pattern: RegExp): string {
    return this.text(key, (text) => matched(text, pattern));
  }

  word<const T extends string>(key: string, words: readonly T[]): T {
    const value = this.#of(key);
    const word = words.find((known) => known === value);
    if (word === undefined) throw this.#wrong(key, `must be one of ${words.join(", ")}`, value);
    return word;
  }

  flag(key: string): boolean {
    const value = this.#of(key);
    if (typeof value !== "boolean") throw this.#wrong(key, "must be true or false", value);
    return value;
  }

  whole(key: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
    const value = this.#of(key);
    if (isWhole(value, least, most)) return value;
    throw this.#wrong(key, `must be a whole number from ${least} to ${most}`, value);
  }

  /** A list of unique strings, each one parsed. */
  texts<T extends string>(key: string, parse: (text: string) => T, most = Number.POSITIVE_INFINITY): T[] {
    const found = this.#list(key, most).map((value, at) => {
      if (typeof value !== "string") throw this.#wrong(`${key}[${at}]`, "must be a text", value);
      return this.#parsed(`${key}[${at}]`, () => parse(value));
    });
    this.#refuseTwice(key, found);
    return found;
  }

  /** A list of unique whole numbers. */
  wholes(key: string, least: number, most: number): number[] {
    const found = this.#list(key).map((value, at) => {
      if (isWhole(value, least, most)) return value;
      throw this.#wrong(`${key}[${at}]`, `must be a whole number from ${least} to ${most}`, value);
    });
    this.#refuseTwice(key, found);
    return found;
  }

  /** An object; `parse` need not call {@link end}. */
  object<T>(key: string, parse: (fields: Fields) => T): T {
    return inside(this.#of(key), this.#place(key), parse);
  }

  /** A list of objects. */
  objects<T>(key: string, parse: (fields: Fields) => T): T[] {
    return this.#list(key).map((value, at) => inside(value, this.#place(`${key}[${at}]`), parse));
  }

  optional<T>(key: string, read: (key: string) => T): T | undefined {
    return this.#of(key) === undefined ? undefined : read(key);
  }

  /** @throws InputError for an unknown key */
  end(): void {
    const unknown = Object.keys(this.#value).find((key) => !this.#read.has(key));
    if (unknown !== undefined) throw new InputError(`${this.#where}: ${shown(unknown)} is not a known key`);
  }

  /** @throws InputError always */
  fail(key: string, problem: string): never {
    throw new InputError(`${this.#place(key)} ${problem}`);
  }

  #of(key: string): unknown {
    this.#read.add(key);
    return Object.hasOwn(this.#value, key) ? this.#value[key] : undefined;
  }

  #place(key: string): string {
    return `${this.#where}: ${key}`;
  }

  #list(key: string, most = Number.POSITIVE_INFINITY): readonly unknown[] {
    const value = this.#of(key);
    if (!Array.isArray(value)) throw this.#wrong(key, "must be a list", value);
    if (value.length > most) return this.fail(key, `has ${value.length} items; the maximum is ${most}`);
    return value;
  }

  #refuseTwice(key: string, found: readonly (string | number)[]): void {
    const seen = new Set<string | number>();
    const twice = found.find((one) => seen.size === seen.add(one).size);
    if (twice !== undefined) this.fail(key, `has ${shown(String(twice))} twice`);
  }

  #parsed<T>(key: string, parse: () => T): T {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError(
        `${this.#place(key)} is not valid: ${error.message}`,
        error.why === undefined ? {} : { why: error.why },
      );
    }
  }

  #wrong(key: string, expected: string, value: unknown): InputError {
    const problem = value === undefined ? "is missing" : expected;
    return new InputError(`${this.#place(key)} ${problem}`);
  }
}

function inside<T>(value: unknown, where: string, parse: (fields: Fields) => T): T {
  const fields = new Fields(value, where);
  const parsed = parse(fields);
  fields.end();
  return parsed;
}

const isWhole = (value: unknown, least: number, most: number): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most;

/** @throws InputError if the text does not have that form */
export function matched(text: string, pattern: RegExp): string {
  if (pattern.test(text)) return text;
  throw new InputError(`${shown(text)} has another form than ${pattern.source}`);
}
