import { mkdir, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { namesIn, readTextIfThere } from "../../../../files/read.ts";
import { withLock } from "../../../../local/lock.ts";
import { spawnPaths } from "../../../../local/paths.ts";
import { decodeJson } from "../../../../staging/decode.ts";
import { UserError } from "../../../../staging/errors.ts";
import { serverClock } from "../../../../staging/server-clock.ts";
import { isStackName, type StackName } from "../../../../staging/stack-name.ts";
import { writeAtomically } from "../../../engine/entry-project.ts";
import { isOnThisMachine, machineName } from "../../../engine/heartbeat.ts";
import { describeThisProcess, isOtherProcessAlive } from "../../../engine/running.ts";
import { isInUseElsewhere, type StateOf } from "../in-use-elsewhere.ts";
import { type MeasuredSource, measuredOf } from "./source-change.ts";

/**
 * The journal of an upload on this machine, from its start to its end: the source at that time, and the process that works on it. It does
 * not record which data have arrived: S3 knows that.
 */
const UNFINISHED = v.object({
  startedAt: v.string(),
  /** Of the source, as `Measured`. */
  sizeBytes: v.number(),
  fileCount: v.optional(v.number(), 1),
  modifiedMs: v.exactOptional(v.number()),
  changedMs: v.exactOptional(v.number()),
  fingerprint: v.exactOptional(v.string()),
  changes: v.exactOptional(v.string()),
  /** The process that works on it, or did so last, as `ProcessRecord`. */
  pid: v.optional(v.number(), 0),
  started: v.exactOptional(v.string()),
  /** Its host. */
  host: v.optional(v.string(), ""),
  /** Its machine or container; absent in files of older versions. */
  machine: v.exactOptional(v.string()),
  /** The backend that has a copy of this for other machines. */
  sharedIn: v.exactOptional(v.string()),
  /** Whether another machine began it. */
  imported: v.exactOptional(v.literal(true)),
  /** Whether its deletion has begun: any part of it may be gone, so nothing may resume it. */
  deleting: v.exactOptional(v.literal(true)),
  /** Whether the file cannot be read, so the source at that time is unknown. */
  damaged: v.exactOptional(v.literal(true)),
});
export type Unfinished = Readonly<v.InferOutput<typeof UNFINISHED>>;

const folder = (): string => join(spawnPaths().stacks, "unfinished");
const fileOf = (stack: StackName): string => join(folder(), `${stack}.json`);

/** Records an upload of this process before it starts. */
export async function beginUpload(stack: StackName, source: MeasuredSource): Promise<void> {
  const unfinished: Unfinished = {
    startedAt: serverClock.now().toISOString(),
    ...measuredOf(source),
    ...(await thisWorker()),
  };
  await write(stack, unfinished);
}

/** Replaces the recorded source by the current one. */
export async function remeasureUpload(stack: StackName, source: MeasuredSource): Promise<void> {
  const unfinished = await readUnfinished(stack);
  if (unfinished === undefined) return;
  const { modifiedMs, changedMs, fingerprint, changes, damaged, ...rest } = unfinished;
  await write(stack, { ...rest, ...measuredOf(source), ...(await thisWorker()) });
}

/** Records the backend by which other machines know the upload. */
export async function recordSharing(stack: StackName, url: string): Promise<void> {
  const unfinished = await readUnfinished(stack);
  if (unfinished !== undefined && !unfinished.damaged) await write(stack, { ...unfinished, sharedIn: url });
}

/** Records an upload that began on another machine. Ignores an invalid journal. */
export async function importUnfinished(stack: StackName, journal: object): Promise<void> {
  const unfinished = decodeJson(UNFINISHED, JSON.stringify(journal));
  if (unfinished !== undefined) await write(stack, { ...unfinished, imported: true });
}

/** Removes the journal of an upload that is complete or deleted. */
export async function endUpload(stack: StackName): Promise<void> {
  await rm(fileOf(stack), { force: true });
}

/** The stacks of the uploads of an environment that were begun on this machine and have not ended. */
export async function unfinishedStacks(environment: string): Promise<StackName[]> {
  return await journalsIn(folder(), environment);
}

/** The stacks of an environment that have a journal in a folder, which need not exist. */
export async function journalsIn(folder: string, environment: string): Promise<StackName[]> {
  return (await namesIn(folder))
    .filter((name) => name.startsWith(`${environment}.`) && name.endsWith(".json"))
    .map((name) => name.slice(0, -".json".length))
    .filter(isStackName);
}

/** The entries of an environment with a deletion that began on this machine and has not ended. */
export async function deletionsBegun(environment: string): Promise<ReadonlySet<string>> {
  const stacks = await unfinishedStacks(environment);
  const found = await Promise.all(
    stacks.map(async (stack) => ((await readUnfinished(stack))?.deleting === true ? [idOf(stack)] : [])),
  );
  return new Set(found.flat());
}

export async function readUnfinished(stack: StackName): Promise<Unfinished | undefined> {
  const file = fileOf(stack);
  const text = await readTextIfThere(file);
  if (text === undefined) return undefined;
  return decodeJson(UNFINISHED, text) ?? (await damaged(file));
}

/** A damaged journal counts as an upload of an unknown source, so that it does not block other uploads. */
async function damaged(file: string): Promise<Unfinished | undefined> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) return undefined; // forgotten meanwhile
  return {
    startedAt: found.mtime.toISOString(),
    sizeBytes: 0,
    fileCount: 0,
    pid: 0,
    host: "",
    damaged: true,
  };
}

/**
 * Claims an unfinished upload, or its deletion, for this process. After a deletion has begun, nothing may resume the upload.
 * @returns false if there is no unfinished upload
 * @throws UserError if another process works on it
 */
export async function claimUpload(stack: StackName, work: "upload" | "deletion"): Promise<boolean> {
  await mkdir(folder(), { recursive: true });
  return await withLock(`${fileOf(stack)}.lock`, {}, async () => {
    const unfinished = await readUnfinished(stack);
    if (unfinished === undefined) return false;
    if (await isBeingUploaded(unfinished)) {
      throw new UserError(`${idOf(stack)} is being worked on`, {
        why: `Process ${unfinished.pid} uploads or deletes it right now.`,
        fix: "Wait for it to end.",
      });
    }
    const claimed = { ...unfinished, ...(await thisWorker()) };
    await write(stack, work === "deletion" ? { ...claimed, deleting: true } : claimed);
    return true;
  });
}

/**
 * Records that the deletion of an entry has begun, so that remaining data stay visible.
 * @param facts from the record, if there is one
 * @returns the earlier journal
 * @throws UserError if another process works on the entry
 */
export async function beginDeletion(
  stack: StackName,
  facts: {
    readonly startedAt: Date | undefined;
    readonly sizeBytes: number | undefined;
    readonly fileCount: number | undefined;
  },
): Promise<Unfinished | undefined> {
  const before = await readUnfinished(stack);
  if (await claimUpload(stack, "deletion")) return before;
  const { startedAt = serverClock.now(), sizeBytes = 0, fileCount = 0 } = facts;
  await write(stack, {
    ...{ startedAt: startedAt.toISOString(), sizeBytes, fileCount, ...(await thisWorker()) },
    deleting: true,
  });
  return undefined;
}

/**
 * Undoes {@link beginDeletion} for a deletion that has deleted nothing.
 * @param before the earlier journal
 */
export async function forgetDeletion(stack: StackName, before: Unfinished | undefined): Promise<void> {
  if (before === undefined) await endUpload(stack);
  else await write(stack, before);
}

const idOf = (stack: StackName): string => stack.slice(stack.indexOf(".") + 1);

/**
 * Whether another process works on the upload. A process on another machine or in another container sends its heartbeat to the backend.
 * @param context of the backend; without it, only processes of this machine are found
 */
export async function isBeingUploaded(
  unfinished: Unfinished,
  stack?: StackName,
  context?: StateOf,
): Promise<boolean> {
  const { host, machine } = unfinished;
  const here = machine === undefined ? host === hostname() : isOnThisMachine({ machine });
  if (!here) return stack !== undefined && context !== undefined && (await isInUseElsewhere(context, stack));
  return await isOtherProcessAlive(unfinished);
}

/** This process, as the one that works on an upload. */
const thisWorker = async () => ({
  ...(await describeThisProcess()),
  host: hostname(),
  machine: machineName(),
});

const write = (stack: StackName, unfinished: Unfinished): Promise<void> =>
  writeAtomically(fileOf(stack), `${JSON.stringify(unfinished, null, 2)}\n`);
