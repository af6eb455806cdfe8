import { readTextIfThere } from "../../../files/read.ts";
import { spawnPaths } from "../../../local/paths.ts";
import { parseEntrySettingsFile } from "../../../stacks/entry-settings.ts";
import { type EntrySpec, entryStackName, storedName } from "../../../staging/entry.ts";
import { InputError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { once } from "../../../staging/once.ts";
import type { Progress } from "../../../staging/progress.ts";
import { CorruptRecordError, type StagingRecord } from "../../../staging/record.ts";
import type { StackName } from "../../../staging/stack-name.ts";
import { commandLine } from "../../command-line.ts";
import type { Context, EntryContext } from "../../context.ts";
import { settingsFile } from "../../engine/entry-project.ts";
import { openSession } from "../../engine/session.ts";
import { listStacks } from "../../engine/stacks.ts";
import type { ResourceChange, UpdateOptions } from "../../engine/update.ts";
import { type Outcome, sideBySide } from "../common/side-by-side.ts";
import { refuseDeclared, refuseInFile } from "../environment/declared.ts";
import { inUse, sweepsReading } from "../sweep/open-sweeps.ts";
import { noEntry } from "./absent.ts";
import { findRecord, orCorrupt } from "./records.ts";
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
  /** Why its record is not used: it cannot be read, or names what is not the entry's. */
  readonly corrupt?: CorruptRecordError;
}

/**
 * Looks entries up by their records; by the settings or the stack of an upload that never ended; and else by what AWS holds
 * under the id. All are looked up before any is deleted; one that is named twice counts once.
 * @throws InputError when there is none of one of the ids, when it is declared in the environment's configuration, or when a sweep that has
 * not ended reads it
 */
export async function findDeletables(
  context: EntryContext & Pick<Context, "environment">,
  ids: readonly StagingId[],
): Promise<Deletable[]> {
  const reading = sweepsReading(context, ids);
  // A failure of the other look-ups must not leave it unhandled.
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
  for (const [id, sweeps] of await reading) throw inUse(id, sweeps, context.environmentName, "deleted");
  return found.filter((one) => one.status === "fulfilled").map(({ value }) => value);
}

type Stacks = () => Promise<readonly string[]>;

async function findDeletable(
  context: EntryContext & Pick<Context, "environment">,
  id: StagingId,
  stacks: Stacks,
): Promise<Deletable> {
  // A corrupt record must not keep its entry alive: a deletion needs the ID alone.
  const record = await orCorrupt(findRecord(await context.tables(), id));
  if (record instanceof CorruptRecordError) {
    return { ...(await findWithoutRecord(context, id, stacks)), corrupt: record };
  }
  if (record === undefined) return await findWithoutRecord(context, id, stacks);
  // A record may conceal that its entry is declared. The stack of the environment is asked where the entry has none of its own.
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

/** An entry that is whole. */
export function deletableOf(record: StagingRecord): Deletable {
  const { stagingId: id, filename, sizeBytes, fileCount, regions, uploadedAt } = record;
  return { id, filename, sizeBytes, fileCount, regions, uploadedAt };
}

const UNKNOWN = {
  ...{ filename: undefined, sizeBytes: undefined, fileCount: undefined, regions: [], uploadedAt: undefined },
} as const;

/** An entry without a record, by the settings file of its stack or, where another machine has that, by the stack alone. */
async function findUnfinished(
  id: StagingId,
  stack: StackName,
  stacks: Stacks,
): Promise<Deletable | undefined> {
  const file = settingsFile(spawnPaths().stacks, stack);
  const text = await readTextIfThere(file);
  const spec = text === undefined ? undefined : specIn(text, file);
  if (spec !== undefined) return { ...UNKNOWN, id, filename: storedName(spec), regions: spec.regions };
  return (await stacks()).includes(stack) ? { ...UNKNOWN, id } : undefined;
}

/** An entry without a record and a stack, from the data that AWS holds under its id. */
async function findRemainder(
  context: Pick<
    Context,
    "account" | "at" | "clientConfig" | "environmentName" | "s3" | "settings" | "tables"
  >,
  id: StagingId,
): Promise<Deletable> {
  const remains = await findRemains(context, id, "some");
  if (isGone(remains)) throw noEntry(context, id);
  const [unknown] = remains.unknown;
  const { openGeneration } = remains;
  const life = openGeneration === "unreadable" ? undefined : openGeneration;
  if (!holdsAnything(remains) && unknown !== undefined) throw unknown;
  const regions = remains.places.map(({ region }) => region);
  return { ...UNKNOWN, id, filename: life?.filename, sizeBytes: life?.sizeBytes, regions };
}

/** @returns undefined for a file that is damaged: the stack's state has all that a deletion needs */
function specIn(text: string, file: string): EntrySpec | undefined {
  try {
    return parseEntrySettingsFile(text, file).spec;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** Entries deleted at a time: each has an engine of its own, with 100 MB, and most of the work is S3's. */
const SIDE_BY_SIDE = 3;

/** What a deletion of several tells, and of which one. */
export interface DeletionEvents<E extends Deletable = Deletable> {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (entry: E, progress: Progress) => void;
  readonly onChange?: (entry: E, change: ResourceChange) => void;
  readonly onNote?: (entry: E, message: string, severity: "info" | "warning") => void;
  /** After one that is gone. */
  readonly onDeleted?: (entry: E) => void;
}

/**
 * Deletes entries, a few side by side. One that fails stops no other.
 * @param remove how one of them is removed, such as {@link deleteEntry}
 */
export function deleteEntries<E extends Deletable>(
  entries: readonly E[],
  events: DeletionEvents<E>,
  remove: (entry: E, options: UpdateOptions) => Promise<void>,
): Promise<Outcome<E>[]> {
  const { signal } = events;
  return sideBySide(entries, { limit: SIDE_BY_SIDE, signal }, async (entry) => {
    await remove(entry, {
      ...(signal === undefined ? {} : { signal }),
      onProgress: (progress) => events.onProgress?.(entry, counted(progress, entry)),
      onChange: (change) => events.onChange?.(entry, change),
      onNote: (message, severity) => events.onNote?.(entry, message, severity),
    });
    events.onDeleted?.(entry);
  });
}

/** One request deletes so many; below, there is no progress to show. */
const LARGE_TREE = 1_000;

/** The provider does not know how many objects there are before it has listed them all; the record does. */
function counted(progress: Progress, { fileCount = 0 }: Deletable): Progress {
  if (progress.phase !== "delete" || fileCount < LARGE_TREE) return progress;
  const objects = fileCount + 1; // the manifest
  return { ...progress, total: objects, objectsTotal: objects };
}
