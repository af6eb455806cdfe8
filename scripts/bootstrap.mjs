// The first step of `npm run demo` and `npm test` in a fresh clone: installs the dependencies, then starts the Node that is
// one of them. The lock file has a hash of every package, and no package runs code during its installation. This file is
// plain JavaScript without dependencies, because nothing is installed yet. It runs on Node 18 and newer.
//
// Usage: node scripts/bootstrap.mjs demo [file]
//        node scripts/bootstrap.mjs test [test files] [options of mocha]

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const OLDEST_NODE = 18;
/** The minimum version of Node for all other programs: see `engines` in package.json. */
const OLDEST_OWN_NODE = [22, 18];
/** npm can wait forever if a registry stops responding; then it is killed and started again. */
const ATTEMPTS = 3;
/**
 * Time limit of the first attempt in seconds; each further attempt gets twice the time, and finds earlier downloads
 * in npm's cache.
 */
const FIRST_ATTEMPT_SECONDS = Number(process.env.SPAWN_NPM_SECONDS ?? 300);
const SCRIPTS = { demo: "demo.ts", test: "test.ts" };

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const ownNode = join(modules, ".bin", "node");
/** Contains the hash of the package-lock.json that matched node_modules. */
const stamp = join(modules, ".spawn-lock-hash");

async function main([mode = "", ...args]) {
  if (process.platform === "win32") {
    return fail(
      "Windows itself is not supported, since plugins and workers' programs are shell scripts.",
      "wsl --install",
    );
  }
  if (parseInt(process.versions.node, 10) < OLDEST_NODE) {
    return fail(`Node ${OLDEST_NODE} or newer is needed to begin; this is ${process.version}.`);
  }
  const script = SCRIPTS[mode];
  if (script === undefined)
    return fail(`usage: node scripts/bootstrap.mjs ${Object.keys(SCRIPTS).join("|")}`);
  const lock = readFileSync(join(root, "package-lock.json"), "utf8");
  if (!areDependenciesInLine(lock) && !(await installDependencies(lock))) return 1;
  const node = findNode();
  if (node === undefined) {
    return fail(
      `there is no Node ${OLDEST_OWN_NODE.join(".")} or newer: this is ${process.version}, and npm brought none ` +
        `for ${process.platform}-${process.arch} that runs.`,
      `npm ci, or install Node ${OLDEST_OWN_NODE.join(".")}`,
    );
  }
  return run(node, [join(root, "scripts", script), ...args], {
    ...process.env,
    PATH: [join(modules, ".bin"), pathWithoutModules()].join(delimiter),
  });
}

/** The Node that is a dependency; this one if there is none for this system and this one is new enough. */
function findNode() {
  if (existsSync(ownNode) && spawnSync(ownNode, ["--version"]).status === 0) return ownNode;
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_OWN_NODE;
  const isNewEnough = major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
  return isNewEnough ? process.execPath : undefined;
}

/** Whether node_modules matches package-lock.json: by the stamp, or by comparing versions. */
function areDependenciesInLine(lock) {
  if (findNode() === undefined) return false;
  const hash = hashOf(lock);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return true;
  const installedLock = join(modules, ".package-lock.json"); // written by npm
  if (!existsSync(installedLock)) return false;
  const installed = JSON.parse(readFileSync(installedLock, "utf8")).packages;
  const inLine = Object.entries(JSON.parse(lock).packages).every(
    ([path, { version, optional }]) =>
      path === "" || installed[path]?.version === version || (optional && installed[path] === undefined), // for another system
  );
  if (inLine) writeFileSync(stamp, hash);
  return inLine;
}

async function installDependencies(lock) {
  for (let attempt = 1, seconds = FIRST_ATTEMPT_SECONDS; ; attempt += 1, seconds *= 2) {
    const logs = mkdtempSync(join(tmpdir(), "spawn-npm-"));
    try {
      const code = await npmCi(logs, seconds);
      if (code === 0) break;
      if (code !== undefined) {
        fail(
          `npm ci ended with code ${code}.`,
          "check the network and the registry (npm config get registry), then again",
        );
        return false;
      }
      const last = lastLineIn(logs);
      const said = last === undefined ? "" : ` The last that it noted: ${last}`;
      if (attempt === ATTEMPTS) {
        fail(
          `npm ci did not end within ${seconds} s, nor in ${ATTEMPTS - 1} attempts before.${said}`,
          "check the network and the registry (npm config get registry), then again; " +
            "with a slow network, set SPAWN_NPM_SECONDS to a larger number",
        );
        return false;
      }
      console.log(`npm ci did not end within ${seconds} s and is called again.${said}`);
    } finally {
      rmSync(logs, { recursive: true, force: true });
    }
  }
  writeFileSync(stamp, hashOf(lock));
  return true;
}

/** Its exit code; undefined if it was killed after the time limit. */
async function npmCi(logs, seconds) {
  const text = "Installing the dependencies with npm ci";
  const started = Date.now();
  console.log(`${text} (about half a minute, once) …`);
  const timer = setInterval(
    () => console.log(`${text} (${Math.round((Date.now() - started) / 1000)} s)`),
    5_000,
  );
  // Not the Node in node_modules, which npm ci removes while it runs. Its warnings are about the current Node, not
  // the one that will run.
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", `--logs-dir=${logs}`];
  const env = { ...process.env, PATH: pathWithoutModules() };
  const code = await run("npm", ["ci", ...options], env, seconds);
  clearInterval(timer);
  return code;
}

/** The log of a killed npm run, to see what it did. */
function lastLineIn(folder) {
  const logs = readdirSync(folder).sort();
  const lines = logs.flatMap((name) => readFileSync(join(folder, name), "utf8").trimEnd().split("\n"));
  return lines.at(-1);
}

function hashOf(text) {
  return createHash("sha256").update(text).digest("hex");
}

function pathWithoutModules() {
  const own = join(modules, ".bin");
  return (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => folder !== own)
    .join(delimiter);
}

/**
 * Runs a command in the package's folder without input, shows its output, and returns its exit code.
 * @param seconds time limit, after which it is killed with all its children; then the result is undefined
 */
function run(command, args, env, seconds) {
  return new Promise((resolve) => {
    // A process group can be killed as a whole, but does not receive a terminal's Ctrl-C.
    const detached = seconds !== undefined;
    const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", "inherit", "inherit"], detached });
    // The child receives a terminal's Ctrl-C directly and decides when to end; other signals reach only this process.
    const pass = (signal) => (detached ? killGroup(child.pid, signal) : child.kill(signal));
    const onInterrupt = detached ? pass : () => {};
    let isOver = false;
    const timer =
      detached &&
      setTimeout(() => {
        isOver = true;
        killGroup(child.pid, "SIGKILL");
      }, seconds * 1000);
    process.on("SIGINT", onInterrupt).on("SIGTERM", pass).on("SIGHUP", pass);
    const end = (code) => {
      clearTimeout(timer);
      process.off("SIGINT", onInterrupt).off("SIGTERM", pass).off("SIGHUP", pass);
      resolve(isOver ? undefined : code);
    };
    child.once("error", (error) => end(fail(`${command} cannot be run: ${error.message}`)));
    child.once("exit", (code, signal) => end(signal === null ? code : 128 + constants.signals[signal]));
  });
}

function killGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error; // it has ended in between
  }
}

function fail(message, fix) {
  console.error(`Error: ${message}${fix === undefined ? "" : ` To fix it, in ${root}: ${fix}`}`);
  return 1;
}

process.exitCode = await main(process.argv.slice(2));
