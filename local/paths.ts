import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { CLOUD_VERSION, ENGINE_VERSION } from "./versions.ts";

/** Folders on this machine, as absolute paths. Reading them creates none. */
export interface SpawnPaths {
  /** Data that must not be lost: state of the stacks, data of the local cloud. */
  readonly data: string;
  /** Data that can be recreated: the engine, the local cloud's program. */
  readonly cache: string;
  /** The `file://` backend of the stacks. */
  readonly state: string;
  /** Settings files of the entries' stacks. */
  readonly stacks: string;
  /** Data, log and record of the local cloud. */
  readonly cloud: string;
  /** The engine that spawn builds, with `bin/pulumi`. */
  readonly engine: string;
  /** The Python environment of the local cloud. */
  readonly venv: string;
}

/**
 * The folders, from the environment: `SPAWN_HOME` contains both data and cache; otherwise the XDG base directories
 * (https://specifications.freedesktop.org/basedir-spec/latest/), whose relative values are ignored as the
 * specification requires. `SPAWN_CACHE` moves only the cache.
 */
export function spawnPaths(env: NodeJS.ProcessEnv = process.env): SpawnPaths {
  const home = env["SPAWN_HOME"] ? resolve(env["SPAWN_HOME"]) : undefined;
  const xdg = (name: string, fallback: string): string => {
    const value = env[name];
    const base = value !== undefined && isAbsolute(value) ? value : join(env["HOME"] || homedir(), fallback);
    return join(base, "spawn");
  };
  const data = home !== undefined ? join(home, "data") : xdg("XDG_DATA_HOME", ".local/share");
  const cache = env["SPAWN_CACHE"]
    ? resolve(env["SPAWN_CACHE"])
    : home !== undefined
      ? join(home, "cache")
      : xdg("XDG_CACHE_HOME", ".cache");
  return {
    data,
    cache,
    state: join(data, "state"),
    stacks: join(data, "stacks"),
    cloud: join(data, "cloud"),
    engine: join(cache, "engine", ENGINE_VERSION),
    venv: join(cache, `ministack-${CLOUD_VERSION}`),
  };
}

/** The engine's own folder on the local cloud, in place of `~/.pulumi`. */
export const engineHomeOf = (paths: SpawnPaths): string => join(paths.data, "engine");

/** The engine's URL for {@link SpawnPaths.state}: a URL, because the folder's path may contain any character. */
export const stateUrlOf = (paths: SpawnPaths): string => pathToFileURL(paths.state).href;
