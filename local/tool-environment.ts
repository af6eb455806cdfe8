import { delimiter, dirname, join } from "node:path";
import { connectionVariables, type Target } from "../connection/child-variables.ts";
import { PROXY_VARIABLES } from "../connection/proxy.ts";
import type { VariableChanges, Variables } from "../connection/variables.ts";
import { packageRoot } from "../package-root.ts";
import { shellWord } from "../staging/shell.ts";
import type { EngineInfo } from "./engine/engine.ts";
import { LANGUAGE_HOST_VARIABLE, ownLanguageHost } from "./engine/language-host.ts";
import { engineVariables, PASSPHRASE_VARIABLES } from "./engine/variables.ts";
import { engineHomeOf, spawnPaths, stateUrlOf } from "./paths.ts";

interface ToolEnvironmentOptions {
  readonly engine: EngineInfo;
  /** The cloud of the environment in use. */
  readonly target: Target;
  /** The backend of the state: `file://…`, `s3://…`, or undefined for the user's current login. */
  readonly stateUrl?: string | undefined;
  /** The user's own environment. Default: this process's. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/**
 * The changes to the user's variables with which plain `pulumi` and any AWS client use the same state and the same
 * cloud as `spawn`: a string sets a variable, undefined removes it. Merge them over the user's environment.
 * @throws InputError that names the invalid variable or file
 */
export function toolEnvironment(options: ToolEnvironmentOptions): VariableChanges {
  const { engine, target, stateUrl, env = process.env } = options;
  return {
    ...connectionVariables(env, target),
    ...engineVariables(env, { cloud: target.cloud, home: engineHome(target, stateUrl, env) }),
    PATH: toolPath(engine, target.cloud, env["PATH"] ?? ""),
    ...(stateUrl === undefined ? {} : { PULUMI_BACKEND_URL: stateUrl }),
    [LANGUAGE_HOST_VARIABLE]: ownLanguageHost(),
  };
}

/**
 * The engine's own folder, in place of `~/.pulumi`, which may be missing or read-only. A backend that the user chose
 * needs the login in the user's folder.
 */
function engineHome(
  target: Target,
  stateUrl: string | undefined,
  env: NodeJS.ProcessEnv,
): string | undefined {
  const paths = spawnPaths(env);
  return target.cloud === "local" && stateUrl === stateUrlOf(paths) ? engineHomeOf(paths) : undefined;
}

/** The folder of the local `pulumi-resource-aws`, which serves the local cloud only. */
export function awsPluginFolder(): string {
  return join(packageRoot(), "local", "aws-plugin", "bin");
}

/**
 * The folders that must come first, then the user's PATH: each folder once, and the local AWS plugin only for the
 * local cloud.
 */
function toolPath(engine: EngineInfo, cloud: "local" | "aws", usersPath: string): string {
  const ownFolders = [
    dirname(engine.command),
    ...(cloud === "local" ? [awsPluginFolder()] : []),
    ...(engine.needsLanguageHost ? [dirname(ownLanguageHost())] : []),
    join(packageRoot(), "node_modules", ".bin"),
  ];
  const users = usersPath
    .split(delimiter)
    .filter((folder) => cloud === "local" || folder !== awsPluginFolder());
  return [...new Set([...ownFolders, ...users])].filter((folder) => folder !== "").join(delimiter);
}

/**
 * The changes that `spawn env` makes in the user's shell: no variable for other work, and no value that the shell
 * already has, which may be a secret. Values reach a terminal, a log or a file.
 */
export function shellChanges(variables: VariableChanges, env: Variables): VariableChanges {
  const hasPassphrase = PASSPHRASE_VARIABLES.some((name) => env[name] !== undefined);
  const kept = Object.entries(variables).filter(([name, value]) => {
    if (env[name] === value) return false;
    // A proxy's address may contain a password. Programs that read the other spelling follow the user's choice.
    if (PROXY_VARIABLES.has(name)) return false;
    return !(hasPassphrase && (PASSPHRASE_VARIABLES as readonly string[]).includes(name));
  });
  return Object.fromEntries(kept);
}

/**
 * `export NAME='value'`, or `unset NAME`, for each variable, for `eval` in any POSIX shell. A name that no shell can
 * set is omitted, because it could be a command.
 */
export function formatExports(variables: VariableChanges): string {
  return Object.entries(variables)
    .filter(([name]) => /^[A-Za-z_]\w*$/.test(name))
    .map(([name, value]) =>
      value === undefined ? `unset ${name}\n` : `export ${name}=${shellWord(value)}\n`,
    )
    .join("");
}
