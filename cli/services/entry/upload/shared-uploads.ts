import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { readTextIfThere } from "../../../../files/read.ts";
import { spawnPaths, stateUrlOf } from "../../../../local/paths.ts";
import { decodeJson, MAPPING } from "../../../../staging/decode.ts";
import { isStackName, type StackName } from "../../../../staging/stack-name.ts";
import type { Context } from "../../../context.ts";
import { BACKEND, backendFolder } from "../../../engine/backend.ts";
import type { BucketObjects } from "../../../engine/bucket-objects.ts";
import { settingsFile, writeAtomically } from "../../../engine/entry-project.ts";
import type { EngineSettings } from "../../../engine/process.ts";
import { readStateFile } from "../../../engine/state-file.ts";
import {
  endUpload,
  importUnfinished,
  isBeingUploaded,
  journalsIn,
  readUnfinished,
  recordSharing,
  unfinishedStacks,
} from "./unfinished.ts";

/*
 * Machines with the same folder or bucket as their backend share unfinished uploads: a copy of the entry's settings and journal stands
 * beside the stacks. Another machine copies it into its own data folder when a command reads uploads, so that each command works as if the
 * upload had begun there.
 */

/** The store of the copies. */
interface Shelf {
  /** The backend. */
  readonly url: string;
  /** Stacks of an environment that have a copy. */
  list(environment: string): Promise<StackName[]>;
  read(stack: StackName): Promise<string | undefined>;
  write(stack: StackName, text: string): Promise<void>;
  remove(stack: StackName): Promise<void>;
  /** Whether the backend has the stack's state. */
  hasStack(stack: StackName): Promise<boolean>;
}

function shelfOf(url: string | undefined, objects: BucketObjects | undefined): Shelf | undefined {
  if (url === undefined) return undefined;
  if (objects !== undefined) return shelfInBucket(url, objects);
  // A machine that shares the data folder has the journals as well.
  if (url === stateUrlOf(spawnPaths())) return undefined;
  const folder = backendFolder(url);
  return folder === undefined ? undefined : shelfInFolder(url, join(folder, ".spawn", "uploads"));
}

function shelfInFolder(url: string, folder: string): Shelf {
  const fileOf = (stack: StackName): string => join(folder, `${stack}.json`);
  const engine = { command: "pulumi", env: { PULUMI_BACKEND_URL: url }, project: spawnPaths().stacks };
  return {
    url,
    list: (environment) => journalsIn(folder, environment),
    read: (stack) => readTextIfThere(fileOf(stack)),
    write: (stack, text) => writeAtomically(fileOf(stack), text),
    remove: (stack) => rm(fileOf(stack), { force: true }),
    hasStack: async (stack) => (await readStateFile(engine, stack))?.kind !== "absent",
  };
}

function shelfInBucket(url: string, objects: BucketObjects): Shelf {
  const prefix = ".spawn/uploads/";
  const keyOf = (stack: StackName): string => `${prefix}${stack}.json`;
  return {
    url,
    list: async (environment) =>
      (await objects.list(`${prefix}${environment}.`))
        .map((key) => key.slice(prefix.length).replace(/\.json$/, ""))
        .filter(isStackName),
    read: (stack) => objects.read(keyOf(stack)),
    write: (stack, text) => objects.write(keyOf(stack), text),
    remove: (stack) => objects.remove(keyOf(stack)),
    hasStack: async (stack) =>
      (await objects.list(`${BACKEND.stacks}/${stack}.json`)).some((key) => /\.json(\.gz|\.zst)?$/.test(key)),
  };
}

const shelfOfProject = ({ env, objects }: EngineSettings): Shelf | undefined =>
  shelfOf(env["PULUMI_BACKEND_URL"], objects);

/** Shares an upload of this machine with other machines. */
export async function shareUpload(project: EngineSettings, stack: StackName): Promise<void> {
  const shelf = shelfOfProject(project);
  if (shelf === undefined) return;
  await recordSharing(stack, shelf.url);
  const [settings, unfinished] = await Promise.all([
    readTextIfThere(settingsFile(project.project, stack)),
    readUnfinished(stack),
  ]);
  if (settings === undefined || unfinished === undefined) return;
  await shelf.write(stack, JSON.stringify({ settings, unfinished }));
}

/** Removes the copy of {@link shareUpload}: the entry is whole, or deleted. */
export async function unshareUpload(project: EngineSettings, stack: StackName): Promise<void> {
  await shelfOfProject(project)?.remove(stack);
}

/** Imports the uploads that other machines share, and removes those that they have ended. Does nothing for another kind of backend. */
export async function importShared(
  context: Pick<Context, "environmentName" | "stateObjects" | "stateUrl">,
): Promise<void> {
  const shelf = shelfOf(await context.stateUrl(), await context.stateObjects());
  if (shelf === undefined) return;
  const shared = await shelf.list(context.environmentName);
  const known = await unfinishedStacks(context.environmentName);
  for (const stack of shared) if (!known.includes(stack)) await importOne(shelf, stack);
  for (const stack of known) if (!shared.includes(stack)) await forgetEnded(context, shelf, stack);
}

async function importOne(shelf: Shelf, stack: StackName): Promise<void> {
  const text = await shelf.read(stack);
  const found = text === undefined ? undefined : decodeJson(SHARED, text);
  if (found === undefined) return;
  await writeAtomically(settingsFile(spawnPaths().stacks, stack), found.settings);
  await importUnfinished(stack, found.unfinished);
}

/** A copy of the entry's settings file and of its journal. */
const SHARED = v.object({ settings: v.string(), unfinished: MAPPING });

/** Removes the journal of an entry that another machine has deleted: it has neither a copy nor a stack. */
async function forgetEnded(
  context: Pick<Context, "stateObjects" | "stateUrl">,
  shelf: Shelf,
  stack: StackName,
): Promise<void> {
  const unfinished = await readUnfinished(stack);
  if (unfinished?.sharedIn !== shelf.url || unfinished.deleting) return;
  if (await isBeingUploaded(unfinished, stack, context)) return;
  if (await shelf.hasStack(stack)) return;
  await rm(settingsFile(spawnPaths().stacks, stack), { force: true });
  await endUpload(stack);
}
