import { join } from "node:path";
import { UserError } from "../../staging/errors.ts";
import { findOnPath, isExecutable } from "../command.ts";
import { installInto } from "../install-into.ts";
import { withLock } from "../lock.ts";
import { type SpawnPaths, spawnPaths } from "../paths.ts";
import type { OnProgress } from "../progress.ts";
import { ENGINE_VERSION } from "../versions.ts";
import { buildEngine } from "./build.ts";
import { findLanguageHost, writeLanguageHostStub } from "./language-host.ts";
import { isAcceptable, versionOf } from "./version.ts";

export interface EngineInfo {
  /** The absolute path of `pulumi`. */
  readonly command: string;
  /** Such as `3.259.0`. */
  readonly version: string;
  readonly origin: "path" | "cache" | "built";
  /** Whether the engine has no `pulumi-language-nodejs` beside it or on PATH, so that spawn's must be added to PATH. */
  readonly needsLanguageHost: boolean;
}

interface EngineOptions {
  readonly paths?: SpawnPaths | undefined;
  /** PATH and the build's variables. Default: this process's environment. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The existing Pulumi engine: the first on PATH that is recent enough, or the one in the cache. Never installs. Takes
 * a few milliseconds after the first call.
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
 * {@link findEngine}, or builds it from the Go module proxy (some minutes, once). Of two concurrent calls, one waits.
 * @throws UserError with the reason if it cannot be built
 */
export async function ensureEngine(options: EngineOptions = {}): Promise<EngineInfo> {
  const found = await findEngine(options);
  if (found !== undefined) return found;
  const { paths = spawnPaths(), env = process.env, onProgress, signal } = options;
  const onWait = () => onProgress?.({ text: "Waiting for another command that installs the Pulumi engine" });
  return withLock(`${paths.engine}.lock`, { onWait, signal }, async () => {
    const broughtByOther = await findEngine(options);
    if (broughtByOther !== undefined) return broughtByOther;
    try {
      await installInto(paths.engine, async (folder) => {
        await buildEngine(folder, { env, onProgress, signal });
        await writeLanguageHostStub(join(folder, "bin"));
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw withAlternative(error);
    }
    const command = cachedEngine(paths);
    const version = await versionOf(command, paths);
    if (version === undefined) throw new Error(`${command} was installed but does not run`);
    return describe(command, version, "built", env);
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

function withAlternative(failure: unknown): unknown {
  if (!(failure instanceof UserError)) return failure;
  return new UserError("There is no Pulumi engine, and none could be built", {
    why: failure.why ?? failure.message,
    fix: `${failure.fix ?? ""} Or install Pulumi ${ENGINE_VERSION} yourself: https://www.pulumi.com/docs/install/`.trim(),
    exitCode: 2, // the build has not started
    cause: failure,
  });
}
