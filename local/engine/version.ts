import { mkdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { replaceFile } from "../../files/replace.ts";
import { decodeJson } from "../../staging/decode.ts";
import { runCommand } from "../command.ts";
import type { SpawnPaths } from "../paths.ts";
import { isAtLeast, OLDEST_ENGINE_VERSION } from "../versions.ts";

/** Cached versions by an executable's size and times, because `pulumi version` takes 0.2 s. */
const KNOWN_VERSIONS = v.record(
  v.string(),
  v.object({ size: v.number(), mtimeMs: v.number(), ctimeMs: v.optional(v.number()), version: v.string() }),
);
type KnownVersions = Readonly<v.InferOutput<typeof KNOWN_VERSIONS>>;

/** The version of the engine `command`, or undefined if it does not run or is another program. */
export async function versionOf(command: string, paths: SpawnPaths): Promise<string | undefined> {
  const file = join(paths.cache, "engine", "versions.json");
  const known = await readKnown(file);
  const { size, mtimeMs, ctimeMs } = await stat(command);
  const entry = known[command];
  if (entry?.size === size && entry.mtimeMs === mtimeMs && entry.ctimeMs === ctimeMs) return entry.version;
  const version = await askVersion(command);
  if (version !== undefined)
    await remember(file, { ...known, [command]: { size, mtimeMs, ctimeMs, version } });
  return version;
}

async function askVersion(command: string): Promise<string | undefined> {
  const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  // A command that does not start, hangs or fails is not an engine: the next candidate is tried.
  const result = await runCommand(command, ["version"], { env, timeout: 10_000 }).catch(() => undefined);
  return result?.code === 0 ? parseVersion(result.stdout) : undefined;
}

/** `v3.259.0` or `v3.259.0-dev.1+x` to `3.259.0`; undefined for any other text. */
export function parseVersion(text: string): string | undefined {
  return /^v?(\d+\.\d+\.\d+)(?:[-+]\S*)?$/.exec(text.trim())?.[1];
}

/** Whether the Automation API supports this engine version: the same major, and not older than the minimum. */
export const isAcceptable = (version: string): boolean =>
  version.split(".")[0] === OLDEST_ENGINE_VERSION.split(".")[0] && isAtLeast(version, OLDEST_ENGINE_VERSION);

async function readKnown(file: string): Promise<KnownVersions> {
  const text = await readFile(file, "utf8").catch(() => "{}"); // missing or unreadable: run the engine
  return decodeJson(KNOWN_VERSIONS, text) ?? {}; // damaged: it is only a cache
}

async function remember(file: string, known: KnownVersions): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await replaceFile(file, `${JSON.stringify(known, null, 2)}\n`);
  } catch {
    // A read-only cache costs time only: the engine runs again.
  }
}
