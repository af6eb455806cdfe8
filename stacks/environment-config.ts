import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readTextIfThere } from "../files/read.ts";
import { declaredSource } from "../staging/declared-source.ts";
import { type EntrySpec, parseDeclaredEntries } from "../staging/entry.ts";
import {
  bucketOf,
  type EnvironmentSettings,
  parseEnvironmentName,
  parseEnvironmentSettings,
} from "../staging/environment.ts";
import { InputError } from "../staging/errors.ts";
import { type ConfiguredProfile, configuredProfile } from "./aws-config.ts";
import { spawnValues } from "./spawn-values.ts";
import { type EnvironmentOverlay, overlaid, readUserConfig } from "./user-config.ts";
import { readYamlConfig } from "./yaml-config.ts";

/** The configuration of an environment. */
export interface EnvironmentConfig {
  readonly settings: EnvironmentSettings;
  /** The declared entries. */
  readonly entries: readonly EntrySpec[];
  /** The AWS profile that it names. */
  readonly profile?: ConfiguredProfile | undefined;
}

/**
 * Parses the configuration of the environment `name`.
 * @param values the values of the keys `spawn:…`, without that prefix
 * @param projectFolder the folder of `Pulumi.yaml`; relative sources are relative to it
 * @param overlay the user's configuration for this environment, which overrides the values
 * @throws InputError that names the key, or the entry and its key
 */
export function parseEnvironmentConfig(
  name: string,
  values: Readonly<Record<string, unknown>>,
  projectFolder: string,
  overlay?: EnvironmentOverlay,
): EnvironmentConfig {
  const settings = overlaid(parseEnvironmentSettings(name, values), overlay);
  const entries = parseDeclaredEntries(
    name,
    values["entries"],
    (source) => declaredSource(source, projectFolder),
    settings.regions,
  );
  for (const entry of entries) assertBuckets(entry, settings);
  return { settings, entries };
}

function assertBuckets(entry: EntrySpec, settings: EnvironmentSettings): void {
  for (const region of entry.regions) {
    try {
      bucketOf(settings, region);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError(
        `Pulumi.${settings.name}.yaml: spawn:entries: item ${entry.declaredAs}: regions is not valid: ${error.message}`,
        { ...(error.why ? { why: error.why } : {}), ...(error.fix ? { fix: error.fix } : {}) },
      );
    }
  }
}

/**
 * Reads the environment `name` from its `Pulumi.<name>.yaml`, as the engine would but without an engine, and the
 * user's configuration for it.
 * @param projectFolder the folder of `Pulumi.yaml`
 * @throws InputError if the file is missing (it names the existing ones), is not YAML, or has an invalid key or value
 */
export async function readEnvironmentFile(projectFolder: string, name: string): Promise<EnvironmentConfig> {
  const config = await readConfig(projectFolder, name);
  const values = spawnValues(config, fileOf(name));
  const parsed = parseEnvironmentConfig(name, values, projectFolder, readUserConfig().environments.get(name));
  if (parsed.settings.cloud === "local") return parsed;
  return { ...parsed, profile: configuredProfile(config, fileOf(name)) };
}

/** The raw values of `spawn:…` in the file. @throws InputError if it is missing or not YAML */
export async function readEnvironmentValues(
  projectFolder: string,
  name: string,
): Promise<Readonly<Record<string, unknown>>> {
  return spawnValues(await readConfig(projectFolder, name), fileOf(name));
}

/** All keys of the file with their namespaces. */
async function readConfig(projectFolder: string, name: string): Promise<ReturnType<typeof readYamlConfig>> {
  parseEnvironmentName(name);
  const file = fileOf(name);
  const text = await readTextIfThere(join(projectFolder, file));
  if (text === undefined) throw await missing(projectFolder, name);
  return readYamlConfig(text, file);
}

/**
 * Checks that a program which gets its values from the engine reads the file as {@link readEnvironmentFile} does: the
 * engine's values do not show whether a YAML reader changed them.
 * @throws InputError that names the line of a value that readers change
 */
export async function checkEnvironmentFile(projectFolder: string, name: string): Promise<void> {
  const file = fileOf(name);
  const text = await readTextIfThere(join(projectFolder, file));
  if (text !== undefined) readYamlConfig(text, file);
}

/** Names of the environments with a file in the project, sorted. */
export async function listEnvironments(projectFolder: string): Promise<string[]> {
  const names = (await readdir(projectFolder)).flatMap(
    (file) => /^Pulumi\.([^.]+)\.yaml$/.exec(file)?.[1] ?? [],
  );
  return names.filter(isEnvironmentName).sort();
}

const fileOf = (environment: string): string => `Pulumi.${environment}.yaml`;

function isEnvironmentName(text: string): boolean {
  try {
    parseEnvironmentName(text);
    return true;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}

async function missing(projectFolder: string, name: string): Promise<InputError> {
  const others = await listEnvironments(projectFolder);
  return new InputError(`there is no environment ${name}`, {
    why: `${projectFolder} has no ${fileOf(name)}; its environments: ${others.join(", ") || "none"}.`,
    fix: `Write ${fileOf(name)} from the example Pulumi.prod.example.yaml, or use --environment ${others[0] ?? "dev"}`,
  });
}
