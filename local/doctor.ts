import { existsSync } from "node:fs";
import { access, constants, readFile, stat, statfs } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { type Connection, resolveConnection } from "../connection/connection.ts";
import { probe } from "../connection/probe.ts";
import { shown, withoutCredentials } from "../connection/proxy.ts";
import { isOnLocalCloud, usersEndpoint } from "../connection/variables.ts";
import { messageOf, UserError } from "../staging/errors.ts";
import { shellString } from "../staging/shell.ts";
import { cloudStatus } from "./cloud/cloud.ts";
import { keyFile } from "./cloud/keys.ts";
import { findPython } from "./cloud/python.ts";
import { findOnPath, isExecutable } from "./command.ts";
import { goCommand } from "./engine/build.ts";
import { type EngineInfo, findEngine } from "./engine/engine.ts";
import { findLanguageHost, ownLanguageHost } from "./engine/language-host.ts";
import { type SpawnPaths, spawnPaths, stateUrlOf } from "./paths.ts";
import { awsPluginFolder } from "./tool-environment.ts";
import { ENGINE_VERSION, isAtLeast } from "./versions.ts";

export interface Diagnosis {
  readonly name: string;
  /** `warn`: works, or is installed at its first use. `fail`: commands will fail. */
  readonly status: "ok" | "warn" | "fail";
  /** The finding in one line. */
  readonly found: string;
  /** The command or edit that fixes it. */
  readonly fix?: string;
}

type Finding = Omit<Diagnosis, "name">;

export interface DoctorOptions {
  readonly paths?: SpawnPaths | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** The environment in use. Default: local. */
  readonly cloud?: "local" | "aws" | undefined;
  /** The backend of the state. Default: PULUMI_BACKEND_URL, or the folder in the data folder. */
  readonly stateUrl?: string | undefined;
}

interface Machine {
  readonly paths: SpawnPaths;
  readonly env: NodeJS.ProcessEnv;
  readonly cloud: "local" | "aws";
  readonly stateUrl: string;
  readonly engine: EngineInfo | undefined;
}

/** The minimum Node for the Pulumi SDK, oclif, and TypeScript without a compiler. */
const OLDEST_NODE = "22.18";
const PROBE_MS = 3_000;
const GIB = 1024 ** 3;
/** Minimum free space for the engine's build, the local cloud and staging. */
const WANTED_SPACE = 5 * GIB;
const NEEDED_SPACE = GIB / 2;

/** Checks that this machine has everything spawn needs. Installs, starts and changes nothing. */
export async function diagnose(options: DoctorOptions = {}): Promise<Diagnosis[]> {
  const { paths = spawnPaths(), env = process.env, cloud = "local" } = options;
  const stateUrl = options.stateUrl ?? (env["PULUMI_BACKEND_URL"] || stateUrlOf(paths));
  const machine: Machine = { paths, env, cloud, stateUrl, engine: await findEngine({ paths, env }) };
  return Promise.all(
    Object.entries(CHECKS).map(async ([name, check]) => ({ name, ...(await check(machine)) })),
  );
}

const CHECKS: Readonly<Record<string, (machine: Machine) => Finding | Promise<Finding>>> = {
  Node: checkNode,
  "Pulumi engine": checkEngine,
  "Language host": checkLanguageHost,
  "AWS plugin": checkAwsPlugin,
  "Local cloud": checkCloud,
  Credentials: checkCredentials,
  Endpoint: checkEndpoint,
  State: checkState,
  "Disk space": checkSpace,
};

const ok = (found: string): Finding => ({ status: "ok", found });

function checkNode(): Finding {
  const version = process.versions.node;
  const found = `${version} (${process.execPath})`;
  if (isAtLeast(version, OLDEST_NODE)) return ok(found);
  const fix = `npm ci, which installs Node 24, or Node ${OLDEST_NODE}`;
  return { status: "fail", found, fix };
}

function checkEngine({ engine, env }: Machine): Finding {
  if (engine !== undefined) {
    const where = engine.origin === "path" ? "on PATH" : "in the cache";
    return ok(`${engine.version} ${where} (${engine.command})`);
  }
  return {
    status: "warn",
    found: `none; ${ENGINE_VERSION} is built with Go at first use`,
    fix:
      goCommand(env["PATH"]) === undefined
        ? "https://www.pulumi.com/docs/install/, or Go (https://go.dev/doc/install) to build it"
        : "npm run demo, or any command that needs it",
  };
}

function checkLanguageHost({ engine, env }: Machine): Finding {
  const official = engine === undefined ? undefined : findLanguageHost(engine.command, env["PATH"]);
  const host = official ?? ownLanguageHost();
  if (isExecutable(host)) return ok(host);
  return { status: "fail", found: `${host} cannot be run`, fix: `chmod +x ${shellString(host)}` };
}

function checkAwsPlugin({ cloud, env }: Machine): Finding {
  const own = join(awsPluginFolder(), "pulumi-resource-aws");
  if (cloud === "local") {
    if (isExecutable(own)) return ok(`for the local cloud (${own})`);
    return { status: "fail", found: `${own} cannot be run`, fix: "npm run build" };
  }
  const onPath = findOnPath("pulumi-resource-aws", env["PATH"]).find((file) => file !== own);
  if (onPath !== undefined) return ok(onPath);
  if ((env["PATH"] ?? "").split(delimiter).includes(awsPluginFolder())) {
    const fix = `Use a shell without the variables of spawn env: ${awsPluginFolder()} must not be on PATH.`;
    return { status: "fail", found: "PATH has the plugin that is for the local cloud only", fix };
  }
  return ok("the official one; the engine downloads it at first use");
}

async function checkCloud({ paths, env, cloud }: Machine): Promise<Finding> {
  if (cloud === "aws") return ok("not used by this environment");
  const own = usersEndpoint(env);
  if (own !== undefined) return ok(`not used: AWS_ENDPOINT_URL is ${own}`);
  const status = await cloudStatus({ paths });
  if (status.state !== "stopped") {
    const { state, endpoint, pid, log } = status;
    if (state === "running") return ok(`running at ${endpoint}`);
    const found = `process ${pid} does not answer at ${endpoint}; its log: ${log}`;
    return { status: "fail", found, fix: "spawn local down && spawn local up" };
  }
  if (status.installed) return ok("down; it starts at first use");
  try {
    const { command, version } = await findPython(env["PATH"]);
    return ok(`installed at first use, with Python ${version} (${command})`);
  } catch (error) {
    const { fix } = error as { fix?: string };
    return { status: "fail", found: messageOf(error), ...(fix === undefined ? {} : { fix }) };
  }
}

async function checkCredentials({ env, cloud, paths }: Machine): Promise<Finding> {
  if (cloud === "local" && usersEndpoint(env) === undefined) {
    const file = keyFile(paths.cloud);
    const found = existsSync(file) ? file : `made at its first start: ${file}`;
    return ok(`the key of the local cloud, ${found}`);
  }
  if (env["AWS_ACCESS_KEY_ID"] && env["AWS_SECRET_ACCESS_KEY"]) {
    return ok(`AWS_ACCESS_KEY_ID ${mask(env["AWS_ACCESS_KEY_ID"])}`);
  }
  if (cloud === "local") return ok("none are set, so test and test, as emulators expect");
  const source = [
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  ].find((variable) => env[variable]);
  if (source !== undefined) return ok(`${source}=${env[source]}`);
  const files = [
    env["AWS_SHARED_CREDENTIALS_FILE"] ?? join(homedir(), ".aws", "credentials"),
    env["AWS_CONFIG_FILE"] ?? join(homedir(), ".aws", "config"),
  ];
  for (const file of files) {
    const text = await readFile(file, "utf8").catch(() => ""); // usually there is none
    if (text.includes("[")) return ok(`profiles in ${file}`);
  }
  return {
    status: "warn",
    found: "no keys in the environment and no profile; an instance's role may still provide some",
    fix: "aws configure, or set AWS_PROFILE",
  };
}

/** Enough to recognise a key. */
function mask(key: string): string {
  return key.length <= 8 ? key : `${key.slice(0, 4)}…${key.slice(-4)}`;
}

/** The connection to AWS from the variables and the AWS configuration files; a problem in them is the finding. */
async function checkEndpoint({ env, cloud }: Machine): Promise<Finding> {
  if (cloud === "local" && usersEndpoint(env) === undefined) {
    if (!env["AWS_ENDPOINT_URL"] || !isOnLocalCloud(env)) return ok("the local cloud's");
  }
  let connection: Connection;
  try {
    connection = resolveConnection(env);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const found = [error.message, error.why].filter(Boolean).join(": ");
    return { status: "fail", found, ...(error.fix === undefined ? {} : { fix: error.fix }) };
  }
  const endpoint = connection.endpoints.S3;
  if (endpoint === undefined) {
    return {
      status: "ok",
      found: `AWS's own${wayTo("https://s3.us-east-1.amazonaws.com", connection, env)}`,
    };
  }
  const found = `${endpoint.source}=${endpoint.url}${wayTo(endpoint.url, connection, env)}`;
  if (cloud === "aws") {
    const fix = `unset ${endpoint.source}, unless it is meant`;
    return { status: "warn", found: `${found}, so this environment is not in AWS itself`, fix };
  }
  const problem = await probe(connection, endpoint.url, PROBE_MS);
  if (problem === undefined) return ok(found);
  if (connection.isLocalCloud) {
    const fix = 'eval "$(spawn env)", if other programs of this shell cannot reach it';
    return { status: "warn", found: `${found}: the local cloud is down or elsewhere`, fix };
  }
  return { status: "fail", found: `${found}: ${problem.message}. ${problem.why}`, fix: problem.fix };
}

/** The proxy of requests to AWS, for the end of a line. */
function wayTo(url: string, { proxies }: Connection, env: NodeJS.ProcessEnv): string {
  const proxy = proxies.of(new URL(url));
  if (proxy !== undefined) return `, through ${proxy.variable}=${shown(proxy)}`;
  if (proxies.isSet) return ", without the proxy, which is not for it (HTTPS_PROXY, HTTP_PROXY, NO_PROXY)";
  return env["ALL_PROXY"] || env["all_proxy"] ? "; ALL_PROXY is set, which AWS tools do not read" : "";
}

async function checkState({ stateUrl }: Machine): Promise<Finding> {
  // The URL may contain a user and a password, and users copy this output into reports.
  if (!stateUrl.startsWith("file://")) {
    return ok(withoutCredentials(stateUrl));
  }
  const folder = stateFolder(stateUrl);
  try {
    await access(await nearestFolder(folder), constants.W_OK);
    return ok(folder);
  } catch (error) {
    const found = `${folder} cannot be written: ${messageOf(error)}`;
    return { status: "fail", found, fix: "Set SPAWN_HOME to a folder that you may write." };
  }
}

/** Pulumi accepts `file://~` and unescaped paths, so this is not a URL to parse strictly. */
function stateFolder(url: string): string {
  const path = decodeURIComponent(url.slice("file://".length).replace(/\?.*$/, ""));
  return path.startsWith("~") ? join(homedir(), path.slice(1)) : path;
}

async function checkSpace({ paths }: Machine): Promise<Finding> {
  const { bavail, bsize } = await statfs(await nearestFolder(paths.data));
  const free = bavail * bsize;
  const found = `${(free / GIB).toFixed(1)} GiB free for ${paths.data}`;
  if (free >= WANTED_SPACE) return ok(found);
  return {
    status: free >= NEEDED_SPACE ? "warn" : "fail",
    found,
    fix: "Make room, or set SPAWN_HOME to a folder on another disk.",
  };
}

/** The folder itself, or the nearest existing parent. */
async function nearestFolder(folder: string): Promise<string> {
  for (let candidate = folder; ; candidate = dirname(candidate)) {
    const exists = await stat(candidate).then(
      () => true,
      () => false,
    );
    if (exists || dirname(candidate) === candidate) return candidate;
  }
}
