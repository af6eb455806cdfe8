import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { withLock } from "../../local/lock.ts";
import { spawnPaths } from "../../local/paths.ts";
import { readTextIfThere } from "../../stacks/files.ts";
import { UserError } from "../../staging/errors.ts";
import { formatBytes } from "../../staging/units.ts";
import { writeAtomically } from "../engine/entry-project.ts";
import { findProcess } from "../engine/running.ts";

/**
 * What this machine remembers of an upload from its start to its end: what the source was like, and which process is at
 * it. What has arrived is not in it: S3 knows that.
 */
export interface Unfinished {
  readonly startedAt: string;
  readonly sizeBytes: number;
  readonly fileCount: number;
  /** Time of the source's last change, in milliseconds; absent for what has no such time of its own. */
  readonly modifiedMs?: number;
  /** The process that is, or was last, at work on it. */
  readonly pid: number;
  readonly host: string;
}

const folder = (): string => join(spawnPaths().stacks, "unfinished");
const fileOf = (stack: string): string => join(folder(), `${stack}.json`);

/** Remembers an upload of this process that is about to start. */
export async function beginUpload(
  stack: string,
  source: string,
  measured: { readonly sizeBytes: number; readonly fileCount?: number },
): Promise<void> {
  const unfinished: Unfinished = {
    startedAt: new Date().toISOString(),
    sizeBytes: measured.sizeBytes,
    fileCount: measured.fileCount ?? 1,
    ...(await modificationOf(source)),
    pid: process.pid,
    host: hostname(),
  };
  await write(stack, unfinished);
}

/** Forgets an upload: it has ended well, or is deleted. */
export async function endUpload(stack: string): Promise<void> {
  await rm(fileOf(stack), { force: true });
}

/** The stacks of the uploads of an environment that were begun on this machine and have not ended. */
export async function unfinishedStacks(environment: string): Promise<string[]> {
  const names = await readdir(folder()).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names
    .filter((name) => name.startsWith(`${environment}.`) && name.endsWith(".json"))
    .map((name) => name.slice(0, -".json".length));
}

export async function readUnfinished(stack: string): Promise<Unfinished | undefined> {
  const text = await readTextIfThere(fileOf(stack));
  return text === undefined ? undefined : (JSON.parse(text) as Unfinished);
}

/**
 * Makes this process the one that works on an unfinished upload, or on its deletion.
 * @throws UserError when another one is at it
 */
export async function claimUpload(stack: string): Promise<void> {
  await mkdir(folder(), { recursive: true });
  await withLock(`${fileOf(stack)}.lock`, {}, async () => {
    const unfinished = await readUnfinished(stack);
    if (unfinished === undefined) return;
    if (await isBeingUploaded(unfinished)) {
      throw new UserError(`${stack.slice(stack.indexOf(".") + 1)} is being worked on`, {
        why: `Process ${unfinished.pid} uploads or deletes it right now.`,
        fix: "Wait for it to end.",
      });
    }
    await write(stack, { ...unfinished, pid: process.pid, host: hostname() });
  });
}

/** Whether another process is at work on the upload; of another machine that cannot be told. */
export async function isBeingUploaded({ pid, host }: Unfinished): Promise<boolean> {
  if (host !== hostname() || pid === process.pid) return false;
  const found = await findProcess(pid);
  // The system gives the number of a process that has ended to any other program.
  return found !== undefined && / stage[ :]/.test(found.command);
}

/** What is different about the source since its upload began, for people; undefined when nothing is. */
export async function changeOf(unfinished: Unfinished, source: string): Promise<string | undefined> {
  const { modifiedMs } = await modificationOf(source);
  if (modifiedMs === undefined || unfinished.modifiedMs === undefined) return undefined;
  const { size } = await stat(source);
  if (size !== unfinished.sizeBytes) {
    return `It had ${unfinished.sizeBytes} bytes (${formatBytes(unfinished.sizeBytes)}) and has ${size} (${formatBytes(size)}) now.`;
  }
  if (modifiedMs === unfinished.modifiedMs) return undefined;
  return `It was last changed on ${utc(unfinished.modifiedMs)} then, and on ${utc(modifiedMs)} now.`;
}

/** Only of a file: a directory's own time says little of the files in it, which are compared one by one when read. */
async function modificationOf(source: string): Promise<Pick<Unfinished, "modifiedMs">> {
  if (source.startsWith("s3://")) return {};
  const found = await stat(source);
  return found.isFile() ? { modifiedMs: found.mtimeMs } : {};
}

const utc = (milliseconds: number): string => new Date(milliseconds).toISOString();

const write = (stack: string, unfinished: Unfinished): Promise<void> =>
  writeAtomically(fileOf(stack), `${JSON.stringify(unfinished, null, 2)}\n`);
