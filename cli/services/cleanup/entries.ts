import { storageCost } from "../../../staging/cost.ts";
import { entryStackName } from "../../../staging/entry.ts";
import { UserError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import type { Generation } from "../../../staging/ledger.ts";
import { type MicroDollars, ZERO } from "../../../staging/money.ts";
import { GUIDE_PRICES } from "../../../staging/price-book.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import { expiresAt, MS_PER_DAY, removalMidnight, type TtlDays } from "../../../staging/ttl.ts";
import type { Context } from "../../context.ts";
import { deletableOf } from "../entry/deletable.ts";
import { isInUseElsewhere } from "../entry/in-use-elsewhere.ts";
import { findRecord, getLedgerRow } from "../entry/records.ts";
import { isBeingUploaded, readUnfinished } from "../entry/upload/unfinished.ts";
import type { Owners } from "./owners.ts";
import type { CleanableEntry, CleanupPlan, CleanupQuestion, DeclaredEntry, IncompleteStack } from "./plan.ts";

/**
 * Sorts the environment's entries into entries to remove, declared entries, and incomplete ones.
 * @param onProblem called for an entry that cannot be judged; it is kept
 */
export async function sortEntries(
  context: Pick<Context, "environmentName" | "stateObjects" | "stateUrl" | "tables">,
  question: CleanupQuestion,
  owners: Owners,
  now: Date,
  onProblem: (error: UserError) => void,
): Promise<Omit<CleanupPlan, "orphans">> {
  const entries: CleanableEntry[] = [];
  const declared: DeclaredEntry[] = [];
  const incomplete: IncompleteStack[] = [];
  const add = (record: StagingRecord): void => {
    const reason = reasonOf(record, expiresAt(record.uploadedAt, record.ttl), question, now);
    if (reason === undefined) return;
    const { stagingId: id, declaredAs } = record;
    // The file and the stack decide whether an entry is declared, not only its record.
    if (declaredAs !== undefined || owners.declared.has(id))
      declared.push({ id, item: owners.declared.get(id) ?? declaredAs ?? "unknown", reason });
    else entries.push(recorded(record, reason, now));
  };
  for (const record of owners.records.values()) add(record);
  for (const id of new Set([...owners.stacks, ...owners.begun])) {
    if (owners.records.has(id)) continue;
    try {
      const found = await withoutRecord(context, id, question, now);
      if (found === undefined) continue;
      if ("stagingId" in found) add(found);
      else if ("state" in found) incomplete.push(found);
      else entries.push(found);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      onProblem(error);
    }
  }
  return { entries, declared, incomplete };
}

/** Why an entry is selected for removal; undefined if it is not. */
export function reasonOf(
  { sweepId }: { readonly sweepId: string | undefined },
  expiry: Date,
  question: CleanupQuestion,
  now: Date,
): CleanableEntry["reason"] | undefined {
  if (question.sweepId !== undefined && sweepId !== question.sweepId) return undefined;
  if (question.expired) return expiry <= now ? "expired" : undefined;
  return question.sweepId === undefined ? undefined : "sweep";
}

function recorded(record: StagingRecord, reason: CleanableEntry["reason"], now: Date): CleanableEntry {
  const { filename, sizeBytes, regions, uploadedAt, ttl } = record;
  return {
    ...deletableOf(record),
    ...{ filename, sizeBytes, reason, isRecorded: true },
    expiresAt: expiresAt(uploadedAt, ttl),
    costPerDay: costPerDay(sizeBytes, regions, removalMidnight(uploadedAt, ttl), now),
  };
}

/**
 * Classifies a stack or a journal without a record. An incomplete upload has no row in the ledger, an interrupted deletion a closed one, and an
 * expired entry an open one.
 * @returns the record, if it was written a moment ago; undefined for an expired entry that the question does not select
 */
async function withoutRecord(
  context: Pick<Context, "environmentName" | "stateObjects" | "stateUrl" | "tables">,
  id: StagingId,
  question: CleanupQuestion,
  now: Date,
): Promise<StagingRecord | CleanableEntry | IncompleteStack | undefined> {
  const tables = await context.tables();
  // The index may be behind the table.
  const record = await findRecord(tables, id);
  if (record !== undefined) return record;
  const stack = entryStackName(context.environmentName, id);
  const unfinished = await readUnfinished(stack);
  if (unfinished !== undefined) {
    if (await isBeingUploaded(unfinished, stack, context)) return { id, stack, state: "uploading" };
    if (!unfinished.deleting) return { id, stack, state: "interrupted" };
  }
  // The ledger decides about an interrupted deletion, so that the same cleanup completes it.
  const generation = (await getLedgerRow(tables, id)).lives.at(-1);
  if (generation === undefined) {
    if (unfinished !== undefined) return { id, stack, state: "half-deleted" };
    const isRunning = await isInUseElsewhere(context, stack);
    return { id, stack, state: isRunning ? "uploading" : "unknown" };
  }
  const entry = entryOf(id, generation, now);
  const reason = reasonOf(generation, entry.expiresAt, question, now);
  // An interrupted removal may have left only the stack: the same question finds it again.
  if (reason !== undefined) return { ...entry, reason };
  if (generation.closedAt !== undefined || unfinished !== undefined)
    return { id, stack, state: "half-deleted" };
  return entry.expiresAt > now ? { id, stack, state: "unknown" } : undefined;
}

/** An entry whose record is gone, from its last generation in the ledger. */
function entryOf(id: StagingId, generation: Generation, now: Date): Omit<CleanableEntry, "reason"> {
  const { filename, sizeBytes, uploadedAt, placements } = generation;
  const { regions = [], ttlDays = 0 } = placements.at(-1) ?? {};
  const ttl = ttlDays as TtlDays;
  return {
    ...{ id, filename, sizeBytes, fileCount: undefined, regions, uploadedAt: undefined },
    isRecorded: false,
    expiresAt: expiresAt(uploadedAt, ttl),
    costPerDay: costPerDay(sizeBytes, regions, removalMidnight(uploadedAt, ttl), now),
  };
}

/**
 * S3 does not charge for expired data, even if it removes them later.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations.html
 */
function costPerDay(bytes: number, regions: readonly string[], removal: Date, now: Date): MicroDollars {
  return removal <= now ? ZERO : storageCost(bytes, regions, MS_PER_DAY, GUIDE_PRICES);
}
