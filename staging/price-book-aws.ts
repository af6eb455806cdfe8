import * as v from "valibot";
import { decode, list, MAPPING, matching } from "./decode.ts";
import { InputError } from "./errors.ts";
import { dollars, type MicroDollars } from "./money.ts";
import type { PriceBook, PriceSource, RequestPrices } from "./price-book.ts";

const PRICE = v.pipe(v.number("must be a price"), v.gtValue(0, "must be a price"), v.transform(dollars));
const LINK = matching(/^https:\/\/\S+$/);

const byKey = <const S extends v.GenericSchema>(item: S) =>
  v.pipe(
    MAPPING,
    v.check((prices) => Object.keys(prices).length > 0, "is empty"),
    v.record(v.string(), item),
    v.readonly(),
  );

/** Figures of one kind from one source. */
const section = <const S extends v.GenericSchema>(item: S) =>
  v.pipe(
    MAPPING,
    v.object({
      source: v.object({
        page: LINK,
        date: matching(/^\d{4}-\d{2}-\d{2}$/),
        via: v.pipe(list(LINK), v.nonEmpty("is empty")),
        note: matching(/\S/),
      }),
      prices: byKey(item),
    }),
  );

/** AWS's list prices in `prices/aws.json`, by region. */
const PRICES = v.pipe(
  MAPPING,
  v.object({
    storagePerGbMonth: section(PRICE),
    /** By the sending region, then by the receiving one. */
    transferPerGb: section(byKey(PRICE)),
    requestsPer1000: section(v.object({ put: PRICE, get: PRICE })),
    /** By instance type, then by region: on demand, Linux, per hour. */
    instanceHour: section(byKey(PRICE)),
  }),
);
type AwsPrices = v.InferOutput<typeof PRICES>;

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
export const parseAwsPrices = (data: unknown): AwsPrices =>
  decode(PRICES, data, ({ path, message }) => new TypeError(`${path || "prices"} ${message}`));
