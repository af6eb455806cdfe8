import { InputError } from "./errors.ts";
import { GUIDE_PRICES, PRICE_BOOK_NAMES, type PriceBook, type PriceBookName } from "./price-book.ts";
import { type AwsPriceBook, awsPriceBook, parseAwsPrices } from "./price-book-aws.ts";
import awsPrices from "./prices/aws.json" with { type: "json" };

let aws: AwsPriceBook | undefined;

/** The book of that name. AWS's is checked when it is first asked for. */
export function priceBook(name: "aws"): AwsPriceBook;
export function priceBook(name: PriceBookName): PriceBook;
export function priceBook(name: PriceBookName): PriceBook {
  if (name === "guide") return GUIDE_PRICES;
  aws ??= awsPriceBook(parseAwsPrices(awsPrices));
  return aws;
}

/** @throws InputError when there is no price book of that name */
export function parsePriceBookName(text: string): PriceBookName {
  const name = PRICE_BOOK_NAMES.find((known) => known === text);
  if (name !== undefined) return name;
  throw new InputError(`there is no price book "${text}"`, {
    why: `The price books are ${PRICE_BOOK_NAMES.join(" and ")}.`,
    fix: "--prices guide",
  });
}
