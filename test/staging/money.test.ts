import { expect } from "chai";
import fc from "fast-check";
import {
  addMoney,
  dollars,
  formatMoney,
  type MicroDollars,
  scaleMoney,
  subtractMoney,
  toDollars,
  ZERO,
} from "../../staging/money.ts";
import { refusalOf } from "./refusal.ts";

/** Eight billion dollars. */
const LARGEST = 8e15;

describe("money", () => {
  for (const [amount, shown] of [
    [0, "$0.00"],
    [0.000001, "<$0.01"],
    [0.004999, "<$0.01"],
    [0.005, "$0.01"],
    [0.015, "$0.02"],
    [3.073333, "$3.07"],
    [26918.533333, "$26,918.53"],
    [-0.004, "$0.00"],
    [-0.07, "-$0.07"],
    [-1234.5, "-$1,234.50"],
  ] as const) {
    it(`shows ${amount} as ${shown}`, () => {
      expect(formatMoney(dollars(amount))).to.equal(shown);
    });
  }

  it("adds without the errors of floating point", () => {
    expect(toDollars(addMoney(dollars(0.1), dollars(0.2)))).to.equal(0.3);
    expect(toDollars(subtractMoney(dollars(0.3), dollars(0.1)))).to.equal(0.2);
    expect(addMoney()).to.equal(0);
  });

  it("reads back every amount that it gives in dollars", () => {
    fc.assert(
      fc.property(fc.integer({ min: -LARGEST, max: LARGEST }), (micro) => {
        const amount = micro as MicroDollars;
        expect(dollars(toDollars(amount))).to.equal(amount);
      }),
    );
  });

  it("refuses amounts that are too large to be exact", () => {
    const largest = LARGEST as MicroDollars;
    const one = 1 as MicroDollars;
    for (const run of [
      () => addMoney(largest, one),
      () => subtractMoney(subtractMoney(ZERO, largest), one),
      () => scaleMoney(largest, 3n, 2n),
    ]) {
      expect(refusalOf(run).message).to.equal("an amount is above eight billion dollars");
    }
    expect(addMoney(largest, ZERO)).to.equal(largest);
  });

  it("refuses prices finer than a micro-dollar, and non-numbers", () => {
    for (const amount of [0.0000005, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => dollars(amount)).to.throw(RangeError, "is no whole number of micro-dollars");
    }
  });

  it("rounds once, half away from zero", () => {
    const price = 1 as MicroDollars;
    expect(scaleMoney(price, 1n, 2n)).to.equal(1);
    expect(scaleMoney(price, 49n, 100n)).to.equal(0);
    expect(scaleMoney(price, -1n, 2n)).to.equal(-1);
    expect(scaleMoney(price, 3n, 2n)).to.equal(2);
  });
});
