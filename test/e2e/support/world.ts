import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readLocalKeys } from "../../../local/cloud/keys.ts";
import { spawnPaths } from "../../../local/paths.ts";
import { pythonIn } from "../../../local/python-environment.ts";
import { reservePort } from "../../support/own-port.ts";
import { TestProxy } from "../../support/proxy.ts";
import { Aws } from "./aws.ts";
import { type Ended, Running, run, succeed } from "./process.ts";
import { processesOf } from "./processes.ts";
import { makeProject } from "./project.ts";

export const REGIONS = ["us-east-1", "us-west-2", "eu-west-1"] as const;
/** The guide's bucket name of a region, and the tables of `dev`. */
export const bucketOf = (region: string): string => `spawn-staging-${region}`;
export const RECORDS = "spawn-staging-dev";
export const USAGE = "spawn-usage-dev";

/** One user's machine: a built checkout, an empty home, a shell. */
export class World {
  readonly project: string;
  /** SPAWN_HOME. */
  readonly home: string;
  /** The folder of the user's own files; the working folder of commands. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  #aws: Promise<Aws> | undefined;

  private constructor(project: string, home: string) {
    this.project = project;
    this.home = home;
    this.folder = join(home, "user files");
    this.env = environmentOf(home);
  }

  static async make(): Promise<World> {
    const world = new World(await makeProject(), await mkdtemp(join(tmpdir(), "spawn e2e home ")));
    await Promise.all([mkdir(world.folder), mkdir(join(world.home, "empty"))]);
    await reservePort(spawnPaths(world.env));
    return world;
  }

  /** Stops the local cloud and removes everything. @throws Error if another process is still running */
  async remove(): Promise<void> {
    if (this.#aws !== undefined) (await this.#aws).close();
    await succeed(this.spawn("local", "down"));
    const left = await processesOf(this.home);
    await rm(this.home, { recursive: true, force: true });
    await rm(this.project, { recursive: true, force: true });
    if (left.length > 0)
      throw new Error(`left running: ${left.map((line) => line.slice(0, 200)).join("\n")}`);
  }

  get program(): string {
    return join(this.project, "bin", "spawn");
  }

  spawn(...args: string[]): Promise<Ended> {
    return this.start(...args).ended;
  }

  start(...args: string[]): Running {
    return this.startIn({}, ...args);
  }

  /** With other variables, or in a process group of its own. */
  startIn(options: { env?: NodeJS.ProcessEnv; ownGroup?: boolean }, ...args: string[]): Running {
    return new Running(process.execPath, [this.program, ...args], {
      cwd: this.folder,
      ...options,
      env: { ...this.env, ...options.env },
    });
  }

  /** On a terminal, whose output is all in `stdout`. */
  startOnTerminal(columns: number, ...args: string[]): Running {
    return this.startOnTerminalIn({}, columns, ...args);
  }

  /** With other variables. */
  startOnTerminalIn(env: NodeJS.ProcessEnv, columns: number, ...args: string[]): Running {
    const python = pythonIn(spawnPaths(this.env).venv);
    const script = join(import.meta.dirname, "terminal.py");
    return new Running(python, [script, String(columns), process.execPath, this.program, ...args], {
      cwd: this.folder,
      env: { ...this.env, TERM: "xterm-256color", ...env },
    });
  }

  /** In bash, with `spawn` on PATH. */
  bash(script: string, cwd = this.folder): Promise<Ended> {
    const PATH = `${join(this.project, "bin")}:${this.env["PATH"]}`;
    return run("/bin/bash", ["-c", `set -euo pipefail\n${script}`], { cwd, env: { ...this.env, PATH } });
  }

  /** A command of plain Pulumi in the checkout, after `eval "$(spawn env)"`. */
  pulumi(command: string): Promise<Ended> {
    return this.bash(`eval "$(spawn env)"\n${command}`, this.project);
  }

  /** Names of the stacks in plain Pulumi's list. */
  async stacks(): Promise<string[]> {
    const { stdout } = await succeed(this.pulumi("pulumi stack ls --json"));
    return (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name);
  }

  /** Settings files of entries' stacks, and files of the stacks' state. */
  async traces(): Promise<string[]> {
    const folders = [join(this.home, "data/stacks"), join(this.home, "data/state/.pulumi/stacks/spawn")];
    const names = await Promise.all(folders.map((folder) => (existsSync(folder) ? readdir(folder) : [])));
    return names
      .flat()
      .filter((name) => /^(Pulumi\..*\.yaml|.*\.json)$/.test(name) && !name.includes(".bak"));
  }

  /** Clients for the local cloud, which this starts if it is down. */
  aws(): Promise<Aws> {
    this.#aws ??= succeed(this.spawn("local", "up", "--json")).then(async ({ stdout }) => {
      const keys = await readLocalKeys(spawnPaths(this.env));
      if (keys === undefined) throw new Error("the local cloud runs without an access key");
      return new Aws((JSON.parse(stdout) as { result: { endpoint: string } }).result.endpoint, keys);
    });
    return this.#aws;
  }

  async writeFile(name: string, bytes: Uint8Array): Promise<string> {
    const path = join(this.folder, name);
    await writeFile(path, bytes);
    return path;
  }

  readProjectFile(name: string): Promise<string> {
    return readFile(join(this.project, name), "utf8");
  }

  writeProjectFile(name: string, text: string): Promise<void> {
    return writeFile(join(this.project, name), text);
  }

  /** Uploads a file and returns its ID. */
  async upload(name: string, ...flags: string[]): Promise<string> {
    const { stdout } = await succeed(this.spawn("stage", "upload", `./${name}`, ...flags));
    return stdout.trim();
  }
}

/** No setting of this process's user except the cache: an empty HOME, no keys, no endpoint. */
function environmentOf(home: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(AWS|PULUMI|SPAWN|XDG)_/.test(name));
  return {
    ...Object.fromEntries(kept),
    HOME: join(home, "empty"),
    SPAWN_HOME: home,
    SPAWN_CACHE: spawnPaths().cache,
  };
}

let shared: Promise<World> | undefined;
let made: World | undefined;

/** A world with the environment `dev`, shared by all files, because its creation takes seconds. */
export function sharedWorld(): Promise<World> {
  shared ??= World.make().then(async (world) => {
    made = world;
    await succeed(world.spawn("environment", "up"));
    return world;
  });
  return shared;
}

/** The shared world, and a proxy in front of its cloud for the commands of one suite, which stops it. */
export async function proxiedWorld(): Promise<{ world: World; aws: Aws; proxy: TestProxy }> {
  const world = await sharedWorld();
  const aws = await world.aws();
  return { world, aws, proxy: await TestProxy.start(aws.endpoint) };
}

// A hook of the whole run: no suite is being described when this module is loaded.
after(async () => {
  await made?.remove();
});

export const randomFile = (bytes: number): Buffer => randomBytes(bytes);
