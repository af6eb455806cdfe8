import { InputError } from "./errors.ts";
import { dollars, type MicroDollars } from "./money.ts";

/** Where prices come from: the users' guide, or AWS's list prices. */
export const PRICE_BOOK_NAMES = ["guide", "aws"] as const;
export type PriceBookName = (typeof PRICE_BOOK_NAMES)[number];

/** Where figures come from, so that anybody can check them. */
export interface PriceSource {
  /** AWS's own page or price list; `{region}` stands for a region's code. */
  readonly page: string;
  /** The day, `2026-07-01`, of the figures or, where that is not known, of our reading. */
  readonly date: string;
  /** The public copies from which they were taken, the newest first. */
  readonly via: readonly string[];
  /** What the figures are, and what they leave out. */
  readonly note: string;
}

/** Requests to S3 Standard, a thousand. PUT is also COPY, POST and LIST; GET is all others. */
export interface RequestPrices {
  readonly put: MicroDollars;
  readonly get: MicroDollars;
}

/**
 * Prices in US dollars, as micro-dollars; a GB is 2^30 bytes. Regions are AWS region codes, such as `us-east-1`. A book
 * never guesses: each function throws an InputError for a region or a pair of regions that the book does not have.
 */
export interface PriceBook {
  readonly name: PriceBookName;
  /** S3 Standard storage in `region`, a GB and 30 days. */
  readonly storagePerGbMonth: (region: string) => MicroDollars;
  /** Replication from one region to another one, a GB. */
  readonly replicationPerGb: (from: string, to: string) => MicroDollars;
  /** What an instance's own download from a bucket in another region costs, a GB. */
  readonly downloadPerGb: (from: string, to: string) => MicroDollars;
  /**
   * Requests to S3 in `region`. Undefined in a book whose amounts are the guide's formulas; with one that has it, everything counts
   * that AWS charges for: see `staging/bill.ts`.
   */
  readonly requestsPer1000?: (region: string) => RequestPrices;
  /** Where the prices come from; undefined where that is the guide itself. */
  readonly sources?: {
    readonly storagePerGbMonth: PriceSource;
    readonly transferPerGb: PriceSource;
    readonly requestsPer1000: PriceSource;
  };
}

const GUIDE_STORAGE = dollars(0.023);
const GUIDE_REPLICATION = dollars(0.02);
const GUIDE_DOWNLOAD = dollars(0.09);

/** The flat prices of the users' guide. Its download price is AWS's internet price; see docs/architecture.md. */
export const GUIDE_PRICES: PriceBook = {
  name: "guide",
  storagePerGbMonth: () => GUIDE_STORAGE,
  replicationPerGb: () => GUIDE_REPLICATION,
  downloadPerGb: () => GUIDE_DOWNLOAD,
};

/** @throws InputError unless `text` names a price book */
export function parsePriceBookName(text: string): PriceBookName {
  const name = PRICE_BOOK_NAMES.find((known) => known === text);
  if (name === undefined) {
    throw new InputError(`"${text}" is not a price book`, {
      why: `There are ${PRICE_BOOK_NAMES.join(" and ")}.`,
      fix: "--prices guide",
    });
  }
  return name;
}
