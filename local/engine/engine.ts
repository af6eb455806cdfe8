import { join } from "node:path";
import { messageOf, UserError } from "../../staging/errors.ts";
import { findOnPath, isExecutable } from "../command.ts";
import { withLock } from "../lock.ts";
import { type SpawnPaths, spawnPaths } from "../paths.ts";
import type { OnProgress } from "../progress.ts";
import { ENGINE_VERSION } from "../versions.ts";
import { buildEngine } from "./build.ts";
import { downloadEngine } from "./download.ts";
import { installInto, removeLeftovers } from "./install.ts";
import { findLanguageHost, writeLanguageHostStub } from "./language-host.ts";
import { isAcceptable, versionOf } from "./version.ts";

export interface EngineInfo {
  /** The absolute path of `pulumi`. */
  readonly command: string;
  /** Such as `3.259.0`. */
  readonly version: string;
  readonly origin: "path" | "cache" | "download" | "built";
  /** Whether no `pulumi-language-nodejs` is beside the engine or on PATH, so that ours must be put on PATH. */
  readonly needsLanguageHost: boolean;
}

export interface EngineOptions {
  readonly paths?: SpawnPaths | undefined;
  /** PATH and what the download and the build need. Default: this process's environment. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The Pulumi engine that is there: the first on PATH that is recent enough, else the one in the cache. Never installs.
 * Takes a few milliseconds when it was asked before.
 */
export async function findEngine(options: EngineOptions = {}): Promise<EngineInfo | undefined> {
  const { paths = spawnPaths(), env = process.env } = options;
  const cached = cachedEngine(paths);
  const onPath = findOnPath("pulumi", env["PATH"]).filter((command) => command !== cached);
  for (const command of onPath) {
    const version = await versionOf(command, paths);
    if (version !== undefined && isAcceptable(version)) return describe(command, version, "path", env);
  }
  if (!isExecutable(cached)) return undefined;
  const version = await versionOf(cached, paths);
  return version === undefined ? undefined : describe(cached, version, "cache", env);
}

/**
 * {@link findEngine}, or else downloads the official release, or else builds it from the Go module proxy (some minutes,
 * once). Two at once: one works, the other waits.
 * @throws UserError when neither works, saying why each did not
 */
export async function ensureEngine(options: EngineOptions = {}): Promise<EngineInfo> {
  const found = await findEngine(options);
  if (found !== undefined) return found;
  const { paths = spawnPaths(), env = process.env, onProgress, signal } = options;
  const onWait = () => onProgress?.({ text: "Waiting for another command that brings the Pulumi engine" });
  return withLock(`${paths.engine}.lock`, { onWait, signal }, async () => {
    const broughtByOther = await findEngine(options);
    if (broughtByOther !== undefined) return broughtByOther;
    await removeLeftovers(paths.engine);
    const work = { env, onProgress, signal };
    const downloadFailure = await installInto(paths.engine, (folder) => downloadEngine(folder, work), signal);
    const origin = downloadFailure === undefined ? "download" : "built";
    if (downloadFailure !== undefined) {
      onProgress?.({ text: `No official Pulumi engine (${messageOf(downloadFailure)}): building it` });
      const buildFailure = await installInto(
        paths.engine,
        async (folder) => {
          await buildEngine(folder, work);
          await writeLanguageHostStub(join(folder, "bin"));
        },
        signal,
      );
      if (buildFailure !== undefined) throw withBothReasons(buildFailure, downloadFailure);
    }
    const command = cachedEngine(paths);
    const version = await versionOf(command, paths);
    if (version === undefined) throw new Error(`${command} was installed but does not run`);
    return describe(command, version, origin, env);
  });
}

function cachedEngine(paths: SpawnPaths): string {
  return join(paths.engine, "bin", "pulumi");
}

function describe(
  command: string,
  version: string,
  origin: EngineInfo["origin"],
  env: NodeJS.ProcessEnv,
): EngineInfo {
  return {
    command,
    version,
    origin,
    needsLanguageHost: findLanguageHost(command, env["PATH"]) === undefined,
  };
}

function withBothReasons(build: unknown, download: unknown): unknown {
  if (!(build instanceof UserError)) return build;
  const why = `Building it: ${build.why ?? build.message} The official download: ${messageOf(download)}.`;
  return new UserError("There is no Pulumi engine, and none could be brought", {
    why,
    fix: `${build.fix ?? ""} Or install Pulumi ${ENGINE_VERSION} yourself: https://www.pulumi.com/docs/install/`.trim(),
    exitCode: 2, // nothing was begun
    cause: build,
  });
}
