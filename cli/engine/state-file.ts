import { readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { namesIn } from "../../files/read.ts";
import { replaceFile } from "../../files/replace.ts";
import { spawnPaths } from "../../local/paths.ts";
import { isBelow } from "../../local/private-folders.ts";
import { parseYaml } from "../../stacks/yaml-document.ts";
import { messageOf } from "../../staging/errors.ts";
import { isRecord } from "../../staging/type-guards.ts";
import { BACKEND, backendFolder } from "./backend.ts";
import type { EngineSettings } from "./process.ts";

/** Version of the backend's layout in which stacks belong to a project. */
const LAYOUT_VERSION = 1;

/** Readers by file name extension, which tells the compression. */
const READERS: Readonly<Record<string, (bytes: Buffer) => string>> = {
  ".json": (bytes) => bytes.toString("utf8"),
  ".json.gz": (bytes) => gunzipSync(bytes).toString("utf8"),
  ".json.zst": (bytes) => zstdDecompressSync(bytes).toString("utf8"),
};

/** The checkpoint of a stack in a `file://` backend. */
export type StateFile =
  | { readonly kind: "absent" }
  /** `deployment` is null if the stack has never been updated. */
  | { readonly kind: "whole"; readonly file: string; readonly deployment: Deployment | null }
  /** A crash, a full disk or an edit has damaged the checkpoint. */
  | { readonly kind: "damaged"; readonly file: string; readonly why: string };

interface Deployment {
  readonly resources?: unknown;
  readonly pending_operations?: unknown;
}

/**
 * The folder of the checkpoints in a `file://` backend with the project layout. Undefined for other backends, and for a new one, whose
 * layout the engine has not written yet.
 */
export async function stacksFolder(settings: EngineSettings): Promise<string | undefined> {
  const state = backendFolder(settings.env["PULUMI_BACKEND_URL"]);
  if (state === undefined) return undefined;
  const meta = await readFile(join(state, ".pulumi", "meta.yaml"), "utf8").catch(() => "");
  const layout = parseYaml(meta, join(state, ".pulumi", "meta.yaml"));
  if (!isRecord(layout) || layout["version"] !== LAYOUT_VERSION) return undefined;
  return join(state, BACKEND.stacks);
}

/** Names of the stacks with a checkpoint in `folder`, damaged ones included. */
export async function stacksIn(folder: string): Promise<string[]> {
  const found = (await namesIn(folder)).flatMap((name) => {
    const ending = Object.keys(READERS).find((known) => name.endsWith(known));
    return ending === undefined || name.startsWith(".") ? [] : [name.slice(0, -ending.length)];
  });
  return [...new Set(found)].sort();
}

/**
 * Reads a stack's checkpoint without the engine, which takes 0.3 s and rejects the whole folder if one checkpoint is damaged.
 * @returns undefined if only the engine can read the backend
 */
export async function readStateFile(settings: EngineSettings, stack: string): Promise<StateFile | undefined> {
  const folder = await stacksFolder(settings);
  if (folder === undefined) return undefined;
  for (const ending of Object.keys(READERS)) {
    const file = join(folder, `${stack}${ending}`);
    const read = await readCheckpoint(file, ending);
    if (read !== undefined) return read;
  }
  return { kind: "absent" };
}

/** @returns undefined if the file does not exist */
async function readCheckpoint(
  file: string,
  ending: string,
): Promise<Exclude<StateFile, { kind: "absent" }> | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
  const damaged = (why: string) => ({ kind: "damaged", file, why }) as const;
  if (bytes.length === 0) return damaged("It is empty: the disk was full, or the machine crashed.");
  try {
    const content: unknown = JSON.parse(READERS[ending]?.(bytes) ?? "");
    const checkpoint = isRecord(content) ? content["checkpoint"] : undefined;
    if (!isRecord(checkpoint)) return damaged("It contains no checkpoint.");
    const { latest = null } = checkpoint;
    if (latest !== null && !isRecord(latest)) return damaged("Its checkpoint contains no deployment.");
    return { kind: "whole", file, deployment: latest };
  } catch (error) {
    return damaged(`It cannot be read: ${messageOf(error)}.`);
  }
}

/**
 * Replaces an unreadable checkpoint with the engine's newest readable backup. The engine keeps the checkpoint from before its last
 * write (`.bak`) and a copy from the end of each update (`backups/`), so a backup lacks at most the last step.
 * @param file path of the checkpoint, which may be missing
 * @returns the backup's path; undefined if there is none
 */
export async function restoreBackup(file: string, stack: string): Promise<string | undefined> {
  const ending = Object.keys(READERS).find((known) => file.endsWith(known)) ?? ".json";
  for (const { path, bytes } of await listBackups(file, stack, ending)) {
    if ((await readCheckpoint(path, ending))?.kind !== "whole") continue;
    await replaceFile(file, bytes, isBelow(file, spawnPaths().data) ? 0o600 : undefined);
    return path;
  }
  return undefined;
}

/** The deployment in the newest readable backup of a checkpoint; undefined if there is none. Read-only. */
export async function readBackup(file: string, stack: string): Promise<Deployment | null | undefined> {
  const ending = Object.keys(READERS).find((known) => file.endsWith(known)) ?? ".json";
  for (const { path } of await listBackups(file, stack, ending)) {
    const read = await readCheckpoint(path, ending);
    if (read?.kind === "whole") return read.deployment;
  }
  return undefined;
}

/** Backups of a checkpoint, newest first. */
async function listBackups(
  file: string,
  stack: string,
  ending: string,
): Promise<{ path: string; bytes: Buffer }[]> {
  // .pulumi/stacks/PROJECT/STACK.json beside .pulumi/backups/PROJECT/STACK/STACK.TIME.json
  const folder = join(file, "../../../..", BACKEND.backups, stack);
  const copies = (await readdir(folder).catch(() => []))
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));
  const found = await Promise.all(
    [`${file}.bak`, ...copies].map(async (path) => {
      try {
        const [bytes, { mtimeMs }] = await Promise.all([readFile(path), stat(path)]);
        return { path, bytes, mtimeMs };
      } catch (error) {
        if (hasCode(error, "ENOENT")) return undefined;
        throw error;
      }
    }),
  );
  return found.filter((one) => one !== undefined).sort((a, b) => b.mtimeMs - a.mtimeMs);
}

/**
 * Removes the engine's attribute file beside a checkpoint if it is truncated. The engine works without the file, but fails with "EOF"
 * on a truncated one.
 * @returns whether the file was damaged
 */
export async function removeDamagedAttributes(file: string): Promise<boolean> {
  const path = `${file}.attrs`;
  try {
    JSON.parse(await readFile(path, "utf8"));
    return false;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    if (!(error instanceof SyntaxError)) throw error;
    await rm(path, { force: true });
    return true;
  }
}

/** Renames a damaged checkpoint, because the engine fails to list the stacks of a folder with one. @returns its new path */
export async function moveAside(file: string): Promise<string> {
  const path = `${file}.damaged`;
  await rename(file, path);
  await rm(`${file}.attrs`, { force: true });
  return path;
}

/** Removes the files that {@link moveAside} renamed, for a deleted stack. */
export async function removeDamagedFiles(settings: EngineSettings, stack: string): Promise<void> {
  const folder = await stacksFolder(settings);
  if (folder === undefined) return;
  for (const ending of Object.keys(READERS))
    await rm(join(folder, `${stack}${ending}.damaged`), { force: true });
}

export const hasCode = (error: unknown, code: string): boolean =>
  (error as NodeJS.ErrnoException).code === code;
