import { UserError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import type { LedgerRow } from "../../../staging/ledger.ts";
import { toDollars } from "../../../staging/money.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { isoSeconds, removalMidnight } from "../../../staging/ttl.ts";
import type { Context, EntryContext } from "../../context.ts";
import { type Spending, spendingOf } from "../cost/spending.ts";
import { type LifecycleRules, lifecycleRulesOf } from "../environment/lifecycle.ts";
import { requireRecord } from "./absent.ts";
import { toMetadata } from "./metadata.ts";
import { presenceJson, type RegionPresence, regionPresence } from "./presence.ts";
import { getLedgerRow, getUsage, type Tables } from "./records.ts";
import { deletionsBegun } from "./upload/unfinished.ts";

/** The report of `stage info`. */
export interface EntryReport {
  readonly record: StagingRecord;
  readonly row: LedgerRow;
  readonly spending: Spending;
  readonly rules: LifecycleRules;
  /** Whether its deletion has begun and has not ended. */
  readonly deleting?: boolean;
  /** The presence in each region, in the order of the record's regions. */
  readonly presence: readonly RegionPresence[];
  /** Drift of the other parts, if all of them were compared. */
  readonly drift?: readonly string[] | undefined;
  /** The time of the report. */
  readonly now: Date;
}

/** Checks each region of an entry: by {@link regionPresence}, or by a comparison that reads the data. */
type LookAtRegions = (
  context: Pick<Context, "anyBucketsS3" | "s3" | "store">,
  record: StagingRecord,
) => Promise<RegionPresence[]>;

/**
 * @param onProblem called for each part that cannot be read; the rest is reported
 * @throws InputError when the environment has no such entry
 */
export async function reportEntry(
  context: EntryContext & Pick<Context, "anyBucketsS3">,
  id: StagingId,
  onProblem: (error: Error) => void,
  look: LookAtRegions = regionPresence,
): Promise<EntryReport> {
  const tables = await context.tables();
  const [record, row] = await Promise.all([requireRecord(context, id), readRow(tables, id, onProblem)]);
  const [rules, begun, presence] = await Promise.all([
    lifecycleRulesOf(context, record, onProblem),
    deletionsBegun(context.environmentName),
    look(context, record),
  ]);
  const deleting = begun.has(id);
  const now = serverClock.now();
  return { record, row, rules, deleting, presence, now, spending: spendingIn(record, row, now, onProblem) };
}

/** Leaves the row out if its figures are impossible. */
function spendingIn(
  record: StagingRecord,
  row: LedgerRow,
  now: Date,
  onProblem: (error: Error) => void,
): Spending {
  try {
    return spendingOf(record, row, now);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    onProblem(
      new UserError(`the usage row of ${record.stagingId} is not counted: ${error.message}`, {
        cause: error,
      }),
    );
    const usage = { ...row.usage, instanceCount: 0, downloadCount: 0, instancesByRegion: {} };
    return spendingOf(record, { ...row, lives: [], usage }, now);
  }
}

/** Only the counters, if the rest of the row cannot be read. */
async function readRow(tables: Tables, id: StagingId, onProblem: (error: Error) => void): Promise<LedgerRow> {
  try {
    return await getLedgerRow(tables, id);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    onProblem(error);
    return { stagingId: id, lives: [], usage: await getUsage(tables, id) };
  }
}

/** An entry in the JSON output of `info`: the keys of `list`, and further ones. Keys are never renamed or removed. */
export type EntryReportJson = ReturnType<typeof toReportJson>;

export function toReportJson(report: EntryReport) {
  const { record, row, spending, rules, deleting, presence, drift, now } = report;
  const { replication, storageToDate, total, remoteInstances, compared } = spending;
  return {
    ...toMetadata(record, row.usage, now, deleting),
    instances_by_region: row.usage.instancesByRegion,
    /** US dollars so far, under the guide's prices. */
    cost_to_date: {
      replication: toDollars(replication),
      storage: toDollars(storageToDate),
      total: toDollars(total),
    },
    /** The cost of the instances' own downloads without staging; `share` is the saved part of it, `null` if it is zero. */
    savings: {
      remote_instances: remoteInstances,
      direct: toDollars(compared.direct),
      saved: toDollars(compared.saved),
      share: compared.share ?? null,
    },
    /** The ID of the rule in force, by region; `null` if there is none. */
    lifecycle_rules: Object.fromEntries([...rules].map(([region, rule]) => [region, rule ?? null])),
    /** The time at which S3 removes the objects: the first 00:00 UTC after the expiry. */
    removed_at: isoSeconds(removalMidnight(record.uploadedAt, record.ttl)),
    /** The state of each region, and why it is not whole. */
    presence: presenceJson(presence),
    /** Drift of the other parts, in words; `null` if not every part was compared (`--verify`). */
    drift: drift ?? null,
  };
}
