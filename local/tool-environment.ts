import { delimiter, dirname, join } from "node:path";
import { LOCAL_ACCESS_KEY, LOCAL_SECRET_KEY } from "./cloud/cloud.ts";
import type { EngineInfo } from "./engine/engine.ts";
import { LANGUAGE_HOST_VARIABLE, ownLanguageHost } from "./engine/language-host.ts";
import { packageRoot } from "./paths.ts";

export interface ToolEnvironmentOptions {
  readonly engine: EngineInfo;
  /** Of the environment in use, from its settings. */
  readonly cloud: "local" | "aws";
  /** The embedded cloud's endpoint; needed for `local`, unless the user has set AWS_ENDPOINT_URL. */
  readonly endpoint?: string | undefined;
  /** The backend of the state: `file://…`, `s3://…`, or undefined for what the user is logged in to. */
  readonly stateUrl?: string | undefined;
  /** The environment's first region. */
  readonly region?: string | undefined;
  /** The user's own environment. Default: this process's. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/**
 * The variables with which plain `pulumi` and any AWS client work on the same state and the same cloud as `spawn`. Only what
 * has to be set is in it: merge it over the user's environment.
 *
 * For `aws` the user's `AWS_*` stay as they are. For `local` an endpoint that the user has set wins over the embedded
 * cloud, and then the user's keys do too.
 */
export function toolEnvironment(options: ToolEnvironmentOptions): Record<string, string> {
  const { engine, cloud, stateUrl, env = process.env } = options;
  return {
    PATH: toolPath(engine, cloud, env["PATH"] ?? ""),
    ...(stateUrl === undefined ? {} : { PULUMI_BACKEND_URL: stateUrl }),
    // The stacks hold no secrets, but the engine insists on a passphrase. On the local cloud it is the empty one, which
    // Pulumi.dev.yaml is made for; elsewhere a user's own is kept.
    PULUMI_CONFIG_PASSPHRASE: cloud === "local" ? "" : (env["PULUMI_CONFIG_PASSPHRASE"] ?? ""),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    [LANGUAGE_HOST_VARIABLE]: ownLanguageHost(),
    ...(cloud === "local" ? localCloudVariables(options, env) : {}),
  };
}

/** Set beside AWS_ENDPOINT_URL where that is the embedded cloud's. */
const EMBEDDED_ENDPOINT_VARIABLE = "SPAWN_CLOUD_ENDPOINT";

/**
 * The endpoint that the user has chosen, or undefined: an AWS_ENDPOINT_URL that came from `spawn env` is the embedded
 * cloud's, which may be down or have moved to another port since.
 */
export function usersEndpoint(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const endpoint = env["AWS_ENDPOINT_URL"];
  return endpoint && endpoint !== env[EMBEDDED_ENDPOINT_VARIABLE] ? endpoint : undefined;
}

function localCloudVariables(
  { endpoint, region }: ToolEnvironmentOptions,
  env: NodeJS.ProcessEnv,
): Record<string, string> {
  const own = usersEndpoint(env);
  const chosen = own ?? endpoint;
  const usersOwn = own !== undefined;
  const keepsKeys = usersOwn && Boolean(env["AWS_ACCESS_KEY_ID"]) && Boolean(env["AWS_SECRET_ACCESS_KEY"]);
  const chosenRegion =
    (usersOwn ? env["AWS_REGION"] : undefined) || region || env["AWS_REGION"] || "us-east-1";
  return {
    ...(chosen === undefined ? {} : { AWS_ENDPOINT_URL: chosen }),
    ...(usersOwn || chosen === undefined ? {} : { [EMBEDDED_ENDPOINT_VARIABLE]: chosen }),
    ...(keepsKeys ? {} : { AWS_ACCESS_KEY_ID: LOCAL_ACCESS_KEY, AWS_SECRET_ACCESS_KEY: LOCAL_SECRET_KEY }),
    AWS_REGION: chosenRegion,
    AWS_DEFAULT_REGION: chosenRegion,
    // Everything that the local cloud needs is here: a plugin that is missing is an error, not a download.
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
}

/** The folder of our own `pulumi-resource-aws`, which serves the local cloud only. */
export function awsPluginFolder(): string {
  return join(packageRoot(), "local", "aws-plugin", "bin");
}

/** What has to be found first, then the user's PATH: each folder once, and our AWS plugin only where it belongs. */
function toolPath(engine: EngineInfo, cloud: "local" | "aws", usersPath: string): string {
  const ours = [
    dirname(engine.command),
    ...(cloud === "local" ? [awsPluginFolder()] : []),
    ...(engine.needsLanguageHost ? [dirname(ownLanguageHost())] : []),
    join(packageRoot(), "node_modules", ".bin"),
  ];
  const users = usersPath
    .split(delimiter)
    .filter((folder) => cloud === "local" || folder !== awsPluginFolder());
  return [...new Set([...ours, ...users])].filter((folder) => folder !== "").join(delimiter);
}

/** `export NAME='value'` for each variable, to be read by `eval` in any POSIX shell. */
export function formatExports(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'\n`)
    .join("");
}
