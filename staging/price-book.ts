import { InputError } from "./errors.ts";
import { dollars, type MicroDollars } from "./money.ts";

/** The origin of prices: the user guide, or AWS's list prices. */
export const PRICE_BOOK_NAMES = ["guide", "aws"] as const;
export type PriceBookName = (typeof PRICE_BOOK_NAMES)[number];

/** The origin of figures, so that they can be checked. */
export interface PriceSource {
  /** AWS's own page or price list; `{region}` stands for a region's code. */
  readonly page: string;
  /** The day of the figures, `2026-07-01`, or of the reading if unknown. */
  readonly date: string;
  /** The public copies that they come from, newest first. */
  readonly via: readonly string[];
  /** The meaning of the figures, and their exclusions. */
  readonly note: string;
}

/** Prices per thousand requests to S3 Standard. PUT includes COPY, POST and LIST; GET is all others. */
export interface RequestPrices {
  readonly put: MicroDollars;
  readonly get: MicroDollars;
}

/**
 * Prices in US dollars, as micro-dollars; a GB is 2^30 bytes. Regions are AWS region codes, such as `us-east-1`. A
 * book never guesses: each function throws an InputError for a region or a pair of regions that the book lacks.
 */
export interface PriceBook {
  readonly name: PriceBookName;
  /** S3 Standard storage in `region`, per GB and 30 days. */
  readonly storagePerGbMonth: (region: string) => MicroDollars;
  /** Replication from one region to another, per GB. */
  readonly replicationPerGb: (from: string, to: string) => MicroDollars;
  /** An instance's own download from a bucket in another region, per GB. */
  readonly downloadPerGb: (from: string, to: string) => MicroDollars;
  /**
   * Requests to S3 in `region`. Undefined in a book that uses the guide's formulas; a book that has it counts all
   * charges of AWS: see `staging/bill.ts`.
   */
  readonly requestsPer1000?: (region: string) => RequestPrices;
  /** The origin of the prices; undefined for the guide itself. */
  readonly sources?: {
    readonly storagePerGbMonth: PriceSource;
    readonly transferPerGb: PriceSource;
    readonly requestsPer1000: PriceSource;
  };
}

const GUIDE_STORAGE = dollars(0.023);
const GUIDE_REPLICATION = dollars(0.02);
const GUIDE_DOWNLOAD = dollars(0.09);

/** The flat prices of the user guide. Its download price is AWS's internet price. */
export const GUIDE_PRICES: PriceBook = {
  name: "guide",
  storagePerGbMonth: () => GUIDE_STORAGE,
  replicationPerGb: () => GUIDE_REPLICATION,
  downloadPerGb: () => GUIDE_DOWNLOAD,
};

/** @throws InputError if `text` does not name a price book */
export function parsePriceBookName(text: string): PriceBookName {
  const name = PRICE_BOOK_NAMES.find((known) => known === text);
  if (name === undefined) {
    throw new InputError(`"${text}" is not a price book`, {
      why: `There are ${PRICE_BOOK_NAMES.join(" and ")}.`,
      fix: (spell) => spell("prices", "guide"),
    });
  }
  return name;
}
