import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { spawnPaths, stateUrlOf } from "../../local/paths.ts";
import { readTextIfThere } from "../../stacks/files.ts";
import { isRecord } from "../../staging/environment.ts";
import type { StackName } from "../../staging/stack-name.ts";
import type { Context } from "../context.ts";
import { backendFolder } from "../engine/backend-folder.ts";
import { settingsFile, writeAtomically } from "../engine/entry-project.ts";
import type { EngineSettings } from "../engine/process.ts";
import { hasCode, readStateFile } from "../engine/state-file.ts";
import {
  endUpload,
  importUnfinished,
  isBeingUploaded,
  journalsIn,
  noteSharing,
  readUnfinished,
  unfinishedStacks,
} from "./unfinished.ts";

/*
 * Machines that share a `file://` backend share what they know of uploads that have not ended, too: a copy of the entry's settings and of
 * its journal is beside the stacks. Another machine takes it into its own data folder when it is asked for uploads, so that each command
 * works on it as if it had been begun there.
 */

const folderOf = (url: string | undefined): string | undefined => {
  // The data folder's own state is not shared without the journals.
  if (url === stateUrlOf(spawnPaths())) return undefined;
  const folder = backendFolder(url);
  return folder === undefined ? undefined : join(folder, ".spawn", "uploads");
};

const urlOf = ({ env }: EngineSettings): string | undefined => env["PULUMI_BACKEND_URL"];

/** Shares an upload that this machine has begun or resumed with other machines. */
export async function shareUpload(project: EngineSettings, stack: StackName): Promise<void> {
  const folder = folderOf(urlOf(project));
  if (folder === undefined) return;
  await noteSharing(stack, urlOf(project) ?? "");
  const [settings, unfinished] = await Promise.all([
    readTextIfThere(settingsFile(project.project, stack)),
    readUnfinished(stack),
  ]);
  if (settings === undefined || unfinished === undefined) return;
  await mkdir(folder, { recursive: true });
  await writeAtomically(join(folder, `${stack}.json`), JSON.stringify({ settings, unfinished }));
}

/** Ends what {@link shareUpload} has begun: the entry is whole, or gone. */
export async function unshareUpload(project: EngineSettings, stack: StackName): Promise<void> {
  const folder = folderOf(urlOf(project));
  if (folder !== undefined) await rm(join(folder, `${stack}.json`), { force: true });
}

/** Takes over what other machines have shared, and forgets what they have ended. Does nothing for a backend that is no folder. */
export async function importShared(context: Context): Promise<void> {
  const url = await context.stateUrl();
  const folder = folderOf(url);
  if (url === undefined || folder === undefined) return;
  const shared = await journalsIn(folder, context.environmentName);
  const known = await unfinishedStacks(context.environmentName);
  for (const stack of shared) if (!known.includes(stack)) await importOne(folder, stack);
  for (const stack of known) if (!shared.includes(stack)) await forgetEnded(url, stack);
}

async function importOne(folder: string, stack: StackName): Promise<void> {
  const text = await readFile(join(folder, `${stack}.json`), "utf8").catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return undefined; // it has ended meanwhile
    throw error;
  });
  const found = text === undefined ? undefined : parse(text);
  if (found === undefined) return;
  await writeAtomically(settingsFile(spawnPaths().stacks, stack), found.settings);
  await importUnfinished(stack, found.unfinished);
}

function parse(text: string): { settings: string; unfinished: Record<string, unknown> } | undefined {
  try {
    const found: unknown = JSON.parse(text);
    if (!isRecord(found)) return undefined;
    const { settings, unfinished } = found;
    return typeof settings === "string" && isRecord(unfinished) ? { settings, unfinished } : undefined;
  } catch {
    return undefined; // a crash or a full disk has cut it off
  }
}

/** Another machine has deleted the entry: neither its copy nor its stack is there any more. */
async function forgetEnded(url: string, stack: StackName): Promise<void> {
  const unfinished = await readUnfinished(stack);
  if (unfinished?.sharedIn !== url || unfinished.deleting || (await isBeingUploaded(unfinished, stack, url)))
    return;
  const engine = { command: "pulumi", env: { PULUMI_BACKEND_URL: url }, project: spawnPaths().stacks };
  if ((await readStateFile(engine, stack))?.kind !== "absent") return;
  await rm(settingsFile(spawnPaths().stacks, stack), { force: true });
  await endUpload(stack);
}
