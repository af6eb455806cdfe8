import { entryStackName, storedName } from "../../../staging/entry.ts";
import { InputError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { once } from "../../../staging/once.ts";
import { CorruptRecordError, type StagingRecord } from "../../../staging/record.ts";
import type { StackName } from "../../../staging/stack-name.ts";
import { commandLine } from "../../command-line.ts";
import type { Context, EntryContext, RemainsContext } from "../../context.ts";
import { openSession } from "../../engine/session.ts";
import { listStacks } from "../../engine/stacks.ts";
import { refuseDeclared, refuseInFile } from "../environment/declared.ts";
import { entryInUse, sweepsReading } from "../sweep/open-sweeps.ts";
import { noEntry } from "./absent.ts";
import { entrySettingsHere } from "./entry-settings.ts";
import { catchCorrupt, findRecord } from "./records.ts";
import { findRemains } from "./remains/find.ts";
import { holdsAnything, isGone } from "./remains/remains.ts";

/** An entry that `stage delete` can delete. */
export interface Deletable {
  readonly id: StagingId;
  /** Undefined for an unfinished entry of another machine. */
  readonly filename: string | undefined;
  /** Undefined for an unfinished entry, as is the number of its files. */
  readonly sizeBytes: number | undefined;
  readonly fileCount: number | undefined;
  readonly regions: readonly string[];
  /** Undefined where there is no record. */
  readonly uploadedAt: Date | undefined;
  /** Why its record is not used: it cannot be read, or names resources of another entry. */
  readonly corrupt?: CorruptRecordError;
}

/**
 * Finds entries by their records, by the settings or the stack of an unfinished upload, or by the data under their IDs in AWS. All are
 * found before any is deleted; a repeated ID counts once.
 * @throws InputError if an ID has no entry, if the environment's configuration declares it, or if a sweep that has not ended reads it
 */
export async function findDeletables(
  context: EntryContext & Pick<Context, "environment">,
  ids: readonly StagingId[],
): Promise<Deletable[]> {
  const reading = sweepsReading(context, ids);
  // If another search fails first, this rejection must not be unhandled.
  reading.catch(() => undefined);
  const stacks = once(async () => listStacks((await openSession(context)).entryProject));
  const found = await Promise.allSettled([...new Set(ids)].map((id) => findDeletable(context, id, stacks)));
  const failures = found.filter((one) => one.status === "rejected").map(({ reason }) => reason as unknown);
  const [first, ...others] = failures;
  if (others.length > 0 && failures.every((failure) => failure instanceof InputError)) {
    throw new InputError(`${failures.length} of ${found.length} entries cannot be deleted`, {
      why: `${failures.map(({ message }) => message).join("; ")}. Nothing was deleted.`,
      fix: commandLine("spawn stage list", context.environmentName),
    });
  }
  if (first !== undefined) throw first;
  for (const [id, sweeps] of await reading) throw entryInUse(id, sweeps, context.environmentName, "deleted");
  return found.filter((one) => one.status === "fulfilled").map(({ value }) => value);
}

type Stacks = () => Promise<readonly string[]>;

async function findDeletable(
  context: EntryContext & Pick<Context, "environment">,
  id: StagingId,
  stacks: Stacks,
): Promise<Deletable> {
  // A corrupt record must not keep its entry alive: a deletion needs the ID alone.
  const record = await catchCorrupt(findRecord(await context.tables(), id));
  if (record instanceof CorruptRecordError) {
    return { ...(await findWithoutRecord(context, id, stacks)), corrupt: record };
  }
  if (record === undefined) return await findWithoutRecord(context, id, stacks);
  // A record can hide that its entry is declared. If the entry has no stack of its own, the environment's stack is read before the deletion.
  if (record.declaredAs === undefined) await refuseInFile(context, id);
  else await refuseDeclared(context, id, record.declaredAs);
  return deletableOf(record);
}

async function findWithoutRecord(
  context: EntryContext & Pick<Context, "environment">,
  id: StagingId,
  stacks: Stacks,
): Promise<Deletable> {
  const stack = entryStackName(context.environmentName, id);
  const unfinished = await findUnfinished(id, stack, stacks);
  if (unfinished !== undefined) return unfinished;
  await refuseDeclared(context, id, undefined);
  return await findRemainder(context, id);
}

/** A whole entry. */
export function deletableOf(record: StagingRecord): Deletable {
  const { stagingId: id, filename, sizeBytes, fileCount, regions, uploadedAt } = record;
  return { id, filename, sizeBytes, fileCount, regions, uploadedAt };
}

const UNKNOWN = {
  ...{ filename: undefined, sizeBytes: undefined, fileCount: undefined, regions: [], uploadedAt: undefined },
} as const;

/** An entry without a record, by the settings file of its stack, or by the stack alone if another machine has the file. */
async function findUnfinished(
  id: StagingId,
  stack: StackName,
  stacks: Stacks,
): Promise<Deletable | undefined> {
  // Without the file, or with a damaged one, the stack's state has everything that a deletion needs.
  const spec = (await entrySettingsHere(stack))?.spec;
  if (spec !== undefined) return { ...UNKNOWN, id, filename: storedName(spec), regions: spec.regions };
  return (await stacks()).includes(stack) ? { ...UNKNOWN, id } : undefined;
}

/** An entry without a record and a stack, by its data in AWS. */
async function findRemainder(context: RemainsContext, id: StagingId): Promise<Deletable> {
  const remains = await findRemains(context, id);
  if (isGone(remains)) throw noEntry(context, id);
  const [unknown] = remains.unknown;
  const { openGeneration } = remains;
  const life = openGeneration === "unreadable" ? undefined : openGeneration;
  if (!holdsAnything(remains) && unknown !== undefined) throw unknown;
  const regions = remains.places.map(({ region }) => region);
  return { ...UNKNOWN, id, filename: life?.filename, sizeBytes: life?.sizeBytes, regions };
}
