import { homedir, userInfo } from "node:os";
import type { VariableChanges, Variables } from "../connection/variables.ts";

/**
 * The changes to the user's shell variables for processes that `spawn` starts: they run in other folders, and the
 * engine parses their output.
 */
export function shellVariables(env: Variables): VariableChanges {
  const changes: Record<string, string | undefined> = {};
  // Git's variables for a repository and the shell's for folders lead elsewhere from another folder.
  for (const name of [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "CDPATH",
    "ENV",
    "BASH_ENV",
  ]) {
    if (env[name] !== undefined) changes[name] = undefined;
  }
  const options = env["NODE_OPTIONS"];
  if (options !== undefined) {
    const kept = nodeOptionsForChildren(options);
    if (kept !== options) changes["NODE_OPTIONS"] = kept === "" ? undefined : kept;
  }
  // The engine needs them to name the holder of a lock.
  if (!env["HOME"]) changes["HOME"] = homeFolder(env);
  if (!env["USER"]) changes["USER"] = userName();
  return changes;
}

/** Node's options without those that load a module by a relative path, or that open a port, which only one process can have. */
export function nodeOptionsForChildren(options: string): string {
  const words = options.match(/"(?:\\.|[^"\\])*"|[^\s"]+(?:"(?:\\.|[^"\\])*")?/g) ?? [];
  const kept: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    const [name = ""] = word.split("=", 1);
    if (!UNWANTED.test(name)) {
      kept.push(word);
      continue;
    }
    const takesValue = LOADS.test(name) && !word.includes("=");
    if (takesValue) at += 1;
  }
  return kept.join(" ");
}

const LOADS = /^(-r|--require|--import|--loader|--experimental-loader)$/;
const UNWANTED =
  /^(-r|--require|--import|--loader|--experimental-loader|--inspect.*|--watch.*|--cpu-prof.*|--heap-prof.*)$/;

/** A user without an entry in the user database, as in some containers, has no folder. */
export function homeFolder(env: Variables): string {
  try {
    return env["HOME"] || homedir();
  } catch {
    return env["SPAWN_HOME"] || "/";
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "user");
  }
}
