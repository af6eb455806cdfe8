import { dollars, formatMoney } from "../staging/money.ts";
import { formatInteger } from "../staging/units.ts";

/** `$1,234.56`, of dollars. They are rounded to whole micro-dollars, because a sum can differ by less. */
export const moneyText = (amount: number): string => formatMoney(dollars(Math.round(amount * 1e6) / 1e6));

/** Like {@link moneyText}, but small amounts of an axis differ from each other. */
export const axisText = (amount: number): string =>
  amount > 0 && amount < 0.01
    ? `$${amount.toLocaleString("en-US", { maximumSignificantDigits: 1 })}`
    : moneyText(amount);

/** `1 entry`, `1,200 entries` */
export const plural = (count: number, one: string, many: string): string =>
  `${formatInteger(count)} ${count === 1 ? one : many}`;

/** `45 %`, rounded down, so that 100 % means all. */
export const percentText = (share: number): string => `${Math.floor(share * 100)} %`;

/** 1, 2 or 5 times a power of ten, not below `value`, which is positive: the end of an axis. */
export function niceMaximum(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((nice) => nice >= value) ?? value;
}
