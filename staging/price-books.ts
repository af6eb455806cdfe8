import { once } from "./once.ts";
import { GUIDE_PRICES, type PriceBook, type PriceBookName } from "./price-book.ts";
import { type AwsPriceBook, awsPriceBook, parseAwsPrices } from "./price-book-aws.ts";
import awsPrices from "./prices/aws.json" with { type: "json" };

const aws = once(() => awsPriceBook(parseAwsPrices(awsPrices)));

/** The book of that name. AWS's book is validated at its first use. */
export function priceBook(name: "aws"): AwsPriceBook;
export function priceBook(name: PriceBookName): PriceBook;
export function priceBook(name: PriceBookName): PriceBook {
  if (name === "guide") return GUIDE_PRICES;
  return aws();
}
