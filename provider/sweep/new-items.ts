import type { AttributeValue } from "../../staging/attribute-value.ts";
import type { Region } from "../../staging/regions.ts";
import { expiryAttribute } from "../../staging/sweep/expiry.ts";
import type { SweepId } from "../../staging/sweep/id.ts";
import { indexItem, type PendingIndex } from "../../staging/sweep/index-item.ts";
import type { Parameter } from "../../staging/sweep/param-set.ts";
import { newRegionItem, regionItem } from "../../staging/sweep/region-item.ts";
import { rowAttributes } from "../../staging/sweep/row-attributes.ts";
import type { RunPlan } from "./plan.ts";

export type Item = Record<string, AttributeValue>;

/** The inputs for the items of a new sweep. */
interface NewItems extends Pick<RunPlan, "sweepId" | "regions"> {
  readonly generation: number;
  readonly deadlineAt: Date;
}

/** The initial counters of each region. */
export const newRegionItems = ({ sweepId, generation, regions, deadlineAt }: NewItems): Item[] =>
  regions.map((region) => ({
    ...regionItem({ ...newRegionItem(sweepId, region, region.workers), generation }),
    ...expiryAttribute(deadlineAt),
  }));

/**
 * The indices, all pending.
 * @param rows one for each index; undefined for a sweep without parameters
 */
export async function* newIndexItems(
  { sweepId, generation, regions, deadlineAt }: NewItems,
  rows: AsyncIterable<readonly Parameter[]> | undefined,
): AsyncGenerator<Item> {
  const expiry = expiryAttribute(deadlineAt);
  const rowIterator = rows?.[Symbol.asyncIterator]();
  try {
    for (const { region, start, end } of regions) {
      for (let index = start; index < end; index++) {
        const row = (await rowIterator?.next())?.value ?? [];
        yield {
          ...indexItem(freshIndex(sweepId, region, index, generation)),
          ...rowAttributes(row),
          ...expiry,
        };
      }
    }
    // Read past the last row, so that the iterator checks the number of rows.
    await rowIterator?.next();
  } finally {
    await rowIterator?.return?.();
  }
}

const freshIndex = (sweepId: SweepId, region: Region, index: number, generation: number): PendingIndex => ({
  sweepId,
  index,
  region,
  params: undefined,
  generation,
  attempt: 0,
  interruptions: 0,
  errors: 0,
  exitCode: undefined,
  error: undefined,
  state: "pending",
});
