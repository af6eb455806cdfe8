import { InputError, UserError } from "../errors.ts";
import { REGIONS, type Region } from "../regions.ts";
import { isRecord } from "../type-guards.ts";
import { isSweepId, type SweepId } from "./id.ts";
import { ITEM_KEY, type ItemName, parseItemKey, SWEEP_KEY } from "./item-keys.ts";
import { shown } from "./problems.ts";

/** An item of the sweeps table that cannot be parsed. */
export class SweepItemError extends UserError {
  /** The attribute that is missing or malformed. */
  readonly attribute: string;

  constructor(item: string, attribute: string) {
    super(
      `the item ${item} of the sweeps table cannot be read: attribute ${attribute} is missing or malformed`,
      {
        why: "The item in DynamoDB was changed by hand or by another version of spawn.",
      },
    );
    this.attribute = attribute;
  }
}

/** Reads attributes of an item that is unmarshalled to plain values. Every method throws a SweepItemError. */
export class ItemReader {
  readonly sweepId: SweepId;
  readonly name: ItemName;
  readonly #item: Readonly<Record<string, unknown>>;
  readonly #label: string;

  constructor(item: unknown) {
    this.#item = isRecord(item) ? item : {};
    const [sweep, key] = [this.#value(SWEEP_KEY), this.#value(ITEM_KEY)];
    this.#label = `${typeof sweep === "string" ? shown(sweep) : "?"} ${typeof key === "string" ? shown(key) : "?"}`;
    if (typeof sweep !== "string" || !isSweepId(sweep)) throw this.error(SWEEP_KEY);
    const name = typeof key === "string" ? parseItemKey(key) : undefined;
    if (name === undefined) throw this.error(ITEM_KEY);
    this.sweepId = sweep;
    this.name = name;
  }

  error(attribute: string): SweepItemError {
    return new SweepItemError(this.#label, attribute);
  }

  has(attribute: string): boolean {
    return this.#value(attribute) !== undefined;
  }

  text(attribute: string, pattern = /^/): string {
    const value = this.#value(attribute);
    if (typeof value === "string" && pattern.test(value)) return value;
    throw this.error(attribute);
  }

  whole(attribute: string, least = 0, most = Number.MAX_SAFE_INTEGER): number {
    const value = this.#value(attribute);
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most)
      return value;
    throw this.error(attribute);
  }

  /** A time in UTC, to the second. */
  date(attribute: string): Date {
    const date = new Date(this.text(attribute, /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/));
    if (Number.isNaN(date.getTime())) throw this.error(attribute);
    return date;
  }

  word<const T extends string>(attribute: string, words: readonly T[]): T {
    const word = words.find((known) => known === this.#value(attribute));
    if (word === undefined) throw this.error(attribute);
    return word;
  }

  region(attribute: string): Region {
    return this.word(attribute, REGIONS);
  }

  /** One or more strings, each one parsed. */
  texts<T>(attribute: string, parse: (text: string) => T, least = 0): readonly T[] {
    const value = this.#value(attribute);
    if (!Array.isArray(value) || value.length < least) throw this.error(attribute);
    return value.map((item: unknown) => {
      if (typeof item !== "string") throw this.error(attribute);
      return this.parsed(attribute, () => parse(item));
    });
  }

  parsed<T>(attribute: string, parse: () => T): T {
    try {
      return parse();
    } catch (error) {
      if (error instanceof InputError) throw this.error(attribute);
      throw error;
    }
  }

  optional<T>(attribute: string, read: (attribute: string) => T): T | undefined {
    return this.has(attribute) ? read(attribute) : undefined;
  }

  /** Own attributes only: `constructor` is not one. */
  #value(attribute: string): unknown {
    return Object.hasOwn(this.#item, attribute) ? this.#item[attribute] : undefined;
  }
}
