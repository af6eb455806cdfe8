import { existsSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { spawnPaths } from "../../../../local/paths.ts";
import { configFolder } from "../../../../stacks/data-folder.ts";
import type { Context } from "../../../context.ts";
import { backendFolder } from "../../../engine/backend.ts";

/** Real paths of the folders that spawn writes to: its data, and the user's settings and the stacks' backend if they exist. */
export async function findOwnFolders(context: Pick<Context, "stateUrl">): Promise<string[]> {
  const backend = backendFolder(await context.stateUrl());
  const others = [configFolder(), backend].filter((folder) => folder !== undefined && existsSync(folder));
  const folders = [spawnPaths().data, ...others.filter((folder) => folder !== undefined)];
  return [...new Set(await Promise.all(folders.map(realPathOf)))];
}

/** The real path of a folder that may not exist yet. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const above = dirname(path);
    return above === path ? path : join(await realPathOf(above), basename(path));
  }
}
