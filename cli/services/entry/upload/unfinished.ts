import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { readTextIfThere } from "../../../../files/read.ts";
import { withLock } from "../../../../local/lock.ts";
import { spawnPaths } from "../../../../local/paths.ts";
import { UserError } from "../../../../staging/errors.ts";
import { serverClock } from "../../../../staging/server-clock.ts";
import { isStackName, type StackName } from "../../../../staging/stack-name.ts";
import { writeAtomically } from "../../../engine/entry-project.ts";
import { isHere, machineName } from "../../../engine/heartbeat.ts";
import { isRunningElsewhere, type NotedProcess, noteThisProcess } from "../../../engine/running.ts";
import { isWorkedOn, type StateOf } from "../worked-on.ts";
import { type Measured, type MeasuredSource, measuredOf } from "./source-change.ts";

/**
 * What this machine remembers of an upload from its start to its end: what the source was like, and which process is at
 * it. What has arrived is not in it: S3 knows that.
 */
export interface Unfinished extends Measured, NotedProcess {
  readonly startedAt: string;
  /** The host of the process that is, or was last, at work on it. */
  readonly host: string;
  /** Its machine, or its container; undefined in files of older versions. */
  readonly machine?: string;
  /** The backend that has a copy of this for other machines. */
  readonly sharedIn?: string;
  /** Whether another machine began it. */
  readonly imported?: true;
  /** Its deletion has begun: any part of it may be gone, so nothing may resume it. */
  readonly deleting?: true;
  /** The file cannot be read: nobody knows what the source was like. */
  readonly damaged?: true;
}

const folder = (): string => join(spawnPaths().stacks, "unfinished");
const fileOf = (stack: StackName): string => join(folder(), `${stack}.json`);

/** Remembers an upload of this process that is about to start. */
export async function beginUpload(stack: StackName, source: MeasuredSource): Promise<void> {
  const unfinished: Unfinished = {
    startedAt: serverClock.now().toISOString(),
    ...measuredOf(source),
    ...(await thisWorker()),
  };
  await write(stack, unfinished);
}

/** Remembers what the source of an upload is like now, in place of what it was when the upload began. */
export async function remeasureUpload(stack: StackName, source: MeasuredSource): Promise<void> {
  const unfinished = await readUnfinished(stack);
  if (unfinished === undefined) return;
  const { modifiedMs, changedMs, fingerprint, changes, damaged, ...rest } = unfinished;
  await write(stack, { ...rest, ...measuredOf(source), ...(await thisWorker()) });
}

/** Remembers that other machines know of an upload by the backend. */
export async function noteSharing(stack: StackName, url: string): Promise<void> {
  const unfinished = await readUnfinished(stack);
  if (unfinished !== undefined && !unfinished.damaged) await write(stack, { ...unfinished, sharedIn: url });
}

/** Remembers an upload that another machine has begun. What is none is left out. */
export async function importUnfinished(stack: StackName, journal: object): Promise<void> {
  const unfinished = parseUnfinished(JSON.stringify(journal));
  if (unfinished !== undefined) await write(stack, { ...unfinished, imported: true });
}

/** Forgets an upload: it has ended well, or is deleted. */
export async function endUpload(stack: StackName): Promise<void> {
  await rm(fileOf(stack), { force: true });
}

/** The stacks of the uploads of an environment that were begun on this machine and have not ended. */
export async function unfinishedStacks(environment: string): Promise<StackName[]> {
  return await journalsIn(folder(), environment);
}

/** The stacks of an environment that have a journal in a folder, which need not exist. */
export async function journalsIn(folder: string, environment: string): Promise<StackName[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names
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
  return parseUnfinished(text) ?? (await damaged(file));
}

/** @returns undefined for what this program has not written like that */
function parseUnfinished(text: string): Unfinished | undefined {
  try {
    const parsed = JSON.parse(text) as Partial<Unfinished> | null;
    return typeof parsed?.startedAt === "string" && typeof parsed.sizeBytes === "number"
      ? (parsed as Unfinished)
      : undefined;
  } catch {
    return undefined; // not JSON
  }
}

/** One such file must not be in the way of every other upload. */
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
 * Makes this process the one that works on an unfinished upload, or on its deletion, after which nothing may resume it.
 * @returns false where there is no unfinished upload
 * @throws UserError when another one is at it
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
 * Remembers that a deletion of an entry has begun, whether its upload ever ended or not, so that what it leaves stays visible.
 * @param facts what the record says about the entry, if there is one
 * @returns what was remembered of it before
 * @throws UserError when another process is at work on the entry
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
 * @param before what {@link beginDeletion} found
 */
export async function forgetDeletion(stack: StackName, before: Unfinished | undefined): Promise<void> {
  if (before === undefined) await endUpload(stack);
  else await write(stack, before);
}

const idOf = (stack: StackName): string => stack.slice(stack.indexOf(".") + 1);

/**
 * Whether another process is at work on the upload. On another machine, or in another container, it beats where the state is.
 * @param context whose backend is looked at for other machines; without it only this machine is
 */
export async function isBeingUploaded(
  unfinished: Unfinished,
  stack?: StackName,
  context?: StateOf,
): Promise<boolean> {
  const { host, machine } = unfinished;
  const here = machine === undefined ? host === hostname() : isHere({ machine });
  if (!here) return stack !== undefined && context !== undefined && (await isWorkedOn(context, stack));
  return await isRunningElsewhere(unfinished);
}

/** This process, as the one that works on an upload. */
const thisWorker = async () => ({
  ...(await noteThisProcess()),
  host: hostname(),
  machine: machineName(),
});

const write = (stack: StackName, unfinished: Unfinished): Promise<void> =>
  writeAtomically(fileOf(stack), `${JSON.stringify(unfinished, null, 2)}\n`);
