import type { Cost, Presence, Problem, Sweeps } from "../../../dashboard/snapshot.ts";
import { parsePeriod } from "../../../staging/period.ts";
import type { PriceBookName } from "../../../staging/price-book.ts";
import type { Context } from "../../context.ts";
import { allOf } from "../common/pages.ts";
import { serverTime } from "../common/server-time.ts";
import { toCostJson } from "../cost/json.ts";
import { costReport } from "../cost/report.ts";
import { listIncompleteMetadata } from "../entry/listing/incomplete-listing.ts";
import { pageCheck } from "../entry/listing/list-presence.ts";
import { sortedRecordPages } from "../entry/listing/listing.ts";
import { deletionsBegun } from "../entry/upload/unfinished.ts";
import { listSweeps } from "../sweep/listing.ts";
import { sweepTable } from "../sweep/tables.ts";
import { costOf, entryOf, presenceOf, problemOf, sweepOf, transferOf } from "./convert.ts";
import type { Read, Readers } from "./polling.ts";

/** More would make the page slow; the commands list all. */
const MAX_ENTRIES = 500;
const MAX_SWEEPS = 50;

type DashboardContext = Pick<
  Context,
  | "anyBucketsS3"
  | "at"
  | "environmentName"
  | "s3"
  | "settings"
  | "stateObjects"
  | "stateUrl"
  | "store"
  | "tables"
>;

/** The reads of an environment's dashboard. None of them writes to AWS. */
export function readersOf(context: DashboardContext, prices: PriceBookName): Readers {
  const { environmentName } = context;
  return {
    transfers: collecting(context, async (onProblem) =>
      (await listIncompleteMetadata(context, {}, onProblem)).map(transferOf),
    ),
    sweeps: collecting(context, async (onProblem): Promise<Sweeps> => {
      const filter = { states: [], limit: MAX_SWEEPS + 1 };
      const sweeps = await newest(listSweeps(await sweepTable(context), filter, onProblem), MAX_SWEEPS);
      return { sweeps: sweeps.items.map(sweepOf), more: sweeps.more };
    }),
    entries: collecting(context, async (onProblem) => {
      const [{ items, more }, deleting] = await Promise.all([
        newestRecords(context, onProblem),
        deletionsBegun(environmentName),
      ]);
      return { entries: items.map((record) => entryOf(record, deleting.has(record.stagingId))), more };
    }),
    presence: collecting(context, async (onProblem): Promise<Presence> => {
      const { items } = await newestRecords(context, onProblem);
      const found: Record<string, Presence[string]> = {};
      for await (const checked of pageCheck(context)(items))
        for (const { stagingId, presence } of checked) found[stagingId] = presenceOf(presence);
      return found;
    }),
    cost: collecting(context, async (onProblem): Promise<Cost> => {
      const now = await serverTime(context);
      const period = parsePeriod(undefined, undefined, now);
      const report = await costReport(context, { period, filter: {}, prices, now }, onProblem);
      return costOf(toCostJson(report));
    }),
  };
}

const newestRecords = async (context: Pick<Context, "tables">, onProblem: (error: Error) => void) =>
  newest(
    sortedRecordPages(
      await context.tables(),
      {},
      { sort: "uploaded", reverse: false, limit: MAX_ENTRIES + 1 },
      onProblem,
    ),
    MAX_ENTRIES,
  );

/** The first items of a list, and whether it has more. */
async function newest<T>(
  pages: AsyncIterable<readonly T[]>,
  limit: number,
): Promise<{ readonly items: readonly T[]; readonly more: boolean }> {
  const items = await allOf(pages);
  return { items: items.slice(0, limit), more: items.length > limit };
}

function collecting<T>(
  context: Pick<Context, "at">,
  read: (onProblem: (error: Error) => void) => Promise<T>,
): () => Promise<Read<T>> {
  return async () => {
    const problems: Problem[] = [];
    const value = await read((error) => problems.push(problemOf(context, error)));
    return { value, problems };
  };
}
