import { InputError } from "./errors.ts";

declare const brand: unique symbol;

/** An amount in whole micro-dollars (a millionth of a US dollar), so that sums are exact. */
export type MicroDollars = number & { readonly [brand]: "MicroDollars" };

const PER_DOLLAR = 1_000_000;
const PER_CENT = 10_000;

export const ZERO = 0 as MicroDollars;

/** A price or amount in dollars. @throws RangeError if it is not a number, or finer than a micro-dollar */
export function dollars(amount: number): MicroDollars {
  // Parses the decimals: a multiplication would be off by one for amounts of billions.
  const micro = Number(amount.toFixed(6).replace(".", ""));
  // A large amount in dollars is itself exact to some of its last bits only.
  const tolerance = Math.max(1e-3, Math.abs(micro) * 2 ** -50);
  if (!(Math.abs(micro - amount * PER_DOLLAR) <= tolerance)) {
    throw new RangeError(`$${amount} is no whole number of micro-dollars`);
  }
  return micro as MicroDollars;
}

/** @throws InputError if the sum is too large to be exact */
export function addMoney(...amounts: readonly MicroDollars[]): MicroDollars {
  return exact(amounts.reduce((sum, amount) => sum + amount, 0));
}

/** @throws InputError if the difference is too large to be exact */
export function subtractMoney(from: MicroDollars, amount: MicroDollars): MicroDollars {
  return exact(from - amount);
}

/**
 * `price × numerator / denominator`, exact until the one rounding (half away from zero) at the end.
 * @throws InputError if the amount is too large to be exact
 */
export function scaleMoney(price: MicroDollars, numerator: bigint, denominator: bigint): MicroDollars {
  const product = BigInt(price) * numerator;
  const half = denominator / 2n;
  return exact(Number((product + (product < 0n ? -half : half)) / denominator));
}

/** In dollars, too, every micro-dollar up to here is a number of its own: 2^33 dollars have 53 bits with their decimals. */
const MAX = 8_000_000_000 * PER_DOLLAR;

function exact(amount: number): MicroDollars {
  if (Math.abs(amount) <= MAX) return amount as MicroDollars;
  throw new InputError("an amount is above eight billion dollars", {
    why: "Costs are counted in whole micro-dollars, which are exact up to there.",
    fix: "Ask for a smaller size or for fewer instances.",
  });
}

/** For programs: dollars as a number, to the micro-dollar. */
export function toDollars(amount: MicroDollars): number {
  return amount / PER_DOLLAR;
}

/** `$1,234.56`; nonzero amounts below half a cent show as `<$0.01`. */
export function formatMoney(amount: MicroDollars): string {
  if (amount > 0 && amount < PER_CENT / 2) return "<$0.01";
  const cents = Math.round(Math.abs(amount) / PER_CENT);
  const text = `$${(cents / 100).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  return amount < 0 && cents > 0 ? `-${text}` : text;
}
