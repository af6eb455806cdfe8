import { InputError } from "./errors.ts";
import { dollars, type MicroDollars } from "./money.ts";
import type { PriceBook, PriceSource, RequestPrices } from "./price-book.ts";

/** Figures of one kind from one source. */
export interface PriceSection<T> {
  readonly source: PriceSource;
  readonly prices: Readonly<Record<string, T>>;
}

/** AWS's list prices in `prices/aws.json`, by region. */
export interface AwsPrices {
  readonly storagePerGbMonth: PriceSection<MicroDollars>;
  /** By the sending region, then by the receiving one. */
  readonly transferPerGb: PriceSection<Readonly<Record<string, MicroDollars>>>;
  readonly requestsPer1000: PriceSection<RequestPrices>;
  /** By instance type, then by region: on demand, Linux, per hour. */
  readonly instanceHour: PriceSection<Readonly<Record<string, MicroDollars>>>;
}

/** AWS's list prices: a {@link PriceBook}, and prices that only sweeps and requests use. */
export interface AwsPriceBook extends PriceBook {
  /** @throws InputError if the book lacks the region */
  readonly requestsPer1000: (region: string) => RequestPrices;
  /** @throws InputError if the book lacks the instance type, or its region */
  readonly instanceHour: (instanceType: string, region: string) => MicroDollars;
  /** Types with a known {@link instanceHour} price in at least one region. */
  readonly instanceTypes: readonly string[];
  readonly sources: Readonly<Record<keyof AwsPrices, PriceSource>>;
}

/** The prices as a book. Replication and an instance's download are the same transfer between regions. */
export function awsPriceBook(prices: AwsPrices): AwsPriceBook {
  const { storagePerGbMonth, transferPerGb, requestsPer1000, instanceHour } = prices;
  const transfer = (from: string, to: string): MicroDollars =>
    known(known(transferPerGb.prices, from, `transfers from ${from}`), to, `transfers from ${from} to ${to}`);
  const fix = `Use one of the types ${Object.keys(instanceHour.prices).join(", ")}, in a region that offers it.`;
  return {
    name: "aws",
    storagePerGbMonth: (region) => known(storagePerGbMonth.prices, region, `storage in ${region}`),
    replicationPerGb: transfer,
    downloadPerGb: transfer,
    requestsPer1000: (region) => known(requestsPer1000.prices, region, `requests in ${region}`),
    instanceHour: (type, region) =>
      known(
        known(instanceHour.prices, type, `instances of type ${type}`, fix),
        region,
        `instances of type ${type} in ${region}`,
        fix,
      ),
    instanceTypes: Object.keys(instanceHour.prices),
    sources: {
      storagePerGbMonth: storagePerGbMonth.source,
      transferPerGb: transferPerGb.source,
      requestsPer1000: requestsPer1000.source,
      instanceHour: instanceHour.source,
    },
  };
}

function known<T>(
  prices: Readonly<Record<string, T>>,
  key: string,
  what: string,
  fix = "Use other regions, or the prices of the guide: --prices guide",
): T {
  const price = Object.hasOwn(prices, key) ? prices[key] : undefined;
  if (price !== undefined) return price;
  throw new InputError(`the price book of AWS has no price for ${what}`, {
    why: "It has only figures with a source, and never guesses.",
    fix,
  });
}

/**
 * Validates `prices/aws.json`, which has prices in dollars.
 * @throws TypeError that names the path, if a figure is not a price or a section has no source or date
 */
export function parseAwsPrices(data: unknown): AwsPrices {
  const root = objectAt(data, "prices");
  const section = <T>(name: keyof AwsPrices, parse: (value: unknown, at: string) => T): PriceSection<T> => {
    const { source, prices } = objectAt(root[name], name);
    return { source: sourceAt(source, `${name}.source`), prices: recordAt(prices, `${name}.prices`, parse) };
  };
  return {
    storagePerGbMonth: section("storagePerGbMonth", priceAt),
    transferPerGb: section("transferPerGb", (value, at) => recordAt(value, at, priceAt)),
    requestsPer1000: section("requestsPer1000", (value, at) => {
      const { put, get } = objectAt(value, at);
      return { put: priceAt(put, `${at}.put`), get: priceAt(get, `${at}.get`) };
    }),
    instanceHour: section("instanceHour", (value, at) => recordAt(value, at, priceAt)),
  };
}

function sourceAt(value: unknown, at: string): PriceSource {
  const { page, date, via, note } = objectAt(value, at);
  if (!Array.isArray(via) || via.length === 0) throw new TypeError(`${at}.via is missing`);
  return {
    page: textAt(page, `${at}.page`, URL_PATTERN),
    date: textAt(date, `${at}.date`, /^\d{4}-\d{2}-\d{2}$/),
    via: via.map((url, index) => textAt(url, `${at}.via.${index}`, URL_PATTERN)),
    note: textAt(note, `${at}.note`, /\S/),
  };
}

const URL_PATTERN = /^https:\/\/\S+$/;

function textAt(value: unknown, at: string, pattern: RegExp): string {
  if (typeof value !== "string" || !pattern.test(value)) throw new TypeError(`${at} is missing`);
  return value;
}

function priceAt(value: unknown, at: string): MicroDollars {
  if (typeof value !== "number" || !(value > 0)) throw new TypeError(`${at} is no price`);
  return dollars(value);
}

function recordAt<T>(
  value: unknown,
  at: string,
  parse: (value: unknown, at: string) => T,
): Readonly<Record<string, T>> {
  const entries = Object.entries(objectAt(value, at));
  if (entries.length === 0) throw new TypeError(`${at} is empty`);
  return Object.fromEntries(entries.map(([key, item]) => [key, parse(item, `${at}.${key}`)]));
}

function objectAt(value: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`${at} is no object`);
  }
  return value as Readonly<Record<string, unknown>>;
}
