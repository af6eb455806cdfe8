import { expiryAttribute } from "../../staging/sweep/expiry.ts";
import type { IndexItem } from "../../staging/sweep/index-item.ts";
import { retry } from "../../staging/sweep/index-state.ts";
import type { SweepMeta } from "../../staging/sweep/meta-item.ts";
import { forEachParallel } from "../flow/parallel.ts";
import type { SweepAccess } from "./access.ts";
import { endIfCancelled } from "./cancelled.ts";
import { startWorkers } from "./capacity.ts";
import { findIndex, indexPages, noteCorrupt } from "./items.ts";
import { type Moved, moveIndices } from "./move-indices.ts";
import type { RunPlan, RunRegion } from "./plan.ts";
import { commitGeneration, settleDeadline } from "./run-item.ts";

/** Indices that are read concurrently. */
const CONCURRENCY = 16;

/**
 * Reopens indices in a new generation and starts workers for them. A killed run can be repeated: the items of indices and regions record
 * their generation.
 * @throws InputError if the sweep is cancelled in the meantime
 */
export async function reopenSweep(access: SweepAccess, plan: RunPlan): Promise<SweepMeta> {
  const { generation } = plan.inputs;
  const { deadlineAt, cancelledAt } = await settleDeadline(access, plan, true);
  if (cancelledAt === undefined) {
    const moved = await Promise.all(
      plan.regions.map((region) => reopenRegion(access, plan, region, deadlineAt)),
    );
    reportBusy(access, plan, moved);
    access.progress("Starting workers");
    await Promise.all(plan.regions.map((region) => startWorkers(access, region, generation, deadlineAt)));
  }
  const meta = await commitGeneration(access, generation);
  await endIfCancelled(access, plan.regions, meta);
  return meta;
}

async function reopenRegion(
  access: SweepAccess,
  { inputs: { generation, retryIndices } }: RunPlan,
  region: RunRegion,
  deadlineAt: Date,
): Promise<Moved> {
  const which = retryIndices === undefined ? "unfinished" : "ended";
  const all = { moved: 0, refused: [] as IndexItem[] };
  const pages =
    retryIndices === undefined
      ? indexPages(access, region, noteCorrupt(access))
      : [await readIndices(access, region, retryIndices)];
  for await (const page of pages) {
    const { moved, refused } = await moveIndices(
      access,
      region.region,
      page,
      (item: IndexItem) => retry(item, generation, which),
      {
        also: expiryAttribute(deadlineAt),
        onMoved: (count) => access.progress(`Opening indices in ${region.region}: ${all.moved + count}`),
      },
    );
    all.moved += moved;
    all.refused.push(...refused);
  }
  return all;
}

async function readIndices(
  access: SweepAccess,
  { start, end }: RunRegion,
  indices: readonly number[],
): Promise<IndexItem[]> {
  const items: IndexItem[] = [];
  const own = new Set(indices.filter((index) => index >= start && index < end));
  await forEachParallel(
    () => own,
    CONCURRENCY,
    access.signal,
    async (index, signal) => {
      const item = await findIndex({ ...access, signal }, index);
      if (item !== undefined) items.push(item);
    },
  );
  return items;
}

/** Reports requested indices that have not ended. */
function reportBusy(
  access: SweepAccess,
  { inputs: { generation, retryIndices } }: RunPlan,
  moved: readonly Moved[],
): void {
  if (retryIndices === undefined) return;
  const busy = moved
    .flatMap(({ refused }) => refused)
    .filter((item) => item.generation < generation)
    .map(({ index, state }) => `${index} (${state})`);
  if (busy.length > 0)
    access.note(`These indices have not ended, and were left as they are: ${busy.join(", ")}`);
}
