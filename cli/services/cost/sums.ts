import { CHARGE_KINDS, type ChargeKind, type ChargeSums } from "../../../staging/bill.ts";
import { addMoney, type MicroDollars, ZERO } from "../../../staging/money.ts";

/** Amounts by their cause, to add to. */
export type Sum = Record<ChargeKind, MicroDollars>;

export const zero = (): Sum => ({ replication: ZERO, storage: ZERO, noncurrent: ZERO, requests: ZERO });

export function addTo(sum: Sum, more: ChargeSums): void {
  for (const kind of CHARGE_KINDS) sum[kind] = addMoney(sum[kind], more[kind]);
}

/** Charges, and the cost of direct downloads in their place. */
type Compared = ChargeSums & { readonly direct: MicroDollars };

export function sumCosts(costs: readonly Compared[]): Sum & { direct: MicroDollars } {
  const sum = { ...zero(), direct: ZERO };
  for (const cost of costs) {
    addTo(sum, cost);
    sum.direct = addMoney(sum.direct, cost.direct);
  }
  return sum;
}
