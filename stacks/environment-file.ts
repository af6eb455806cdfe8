import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readTextIfThere } from "../files/read.ts";
import { declaredSource } from "../staging/declared-source.ts";
import type { EntrySpec } from "../staging/entry.ts";
import { parseDeclaredEntries } from "../staging/entry-values.ts";
import {
  bucketOf,
  type EnvironmentSettings,
  parseEnvironmentName,
  settingsFileName,
} from "../staging/environment.ts";
import { parseEnvironmentSettings } from "../staging/environment-values.ts";
import { InputError } from "../staging/errors.ts";
import { REGIONS, type Region } from "../staging/regions.ts";
import { type SettingPath, type SettingProblem, SettingsError } from "../staging/settings-error.ts";
import { isRecord } from "../staging/type-guards.ts";
import { type ConfiguredProfile, configuredProfile } from "./aws-profile.ts";
import { spawnValues } from "./spawn-values.ts";
import { readYamlConfig, type YamlConfig } from "./stack-config.ts";
import { type EnvironmentOverlay, overlaid, readUserConfig } from "./user-config.ts";

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
 * @param written the values in the file, with their positions
 * @throws SettingsError with all problems, each with its key and, if `written` is given, its line and column
 */
export function parseEnvironmentConfig(
  name: string,
  values: Readonly<Record<string, unknown>>,
  projectFolder: string,
  overlay?: EnvironmentOverlay,
  written?: YamlConfig,
): EnvironmentConfig {
  const problems: SettingProblem[] = [...(written?.problems ?? [])];
  const own = collecting(problems, () => parseEnvironmentSettings(name, values));
  const settings = own && overlaid(own, overlay);
  const entries = collecting(problems, () =>
    parseDeclaredEntries(
      name,
      values["entries"],
      (source) => declaredSource(source, projectFolder),
      settings?.regions ?? [REGIONS[0] as Region],
    ),
  );
  if (settings !== undefined) {
    for (const entry of entries ?? []) problems.push(...bucketProblems(entry, settings, values["entries"]));
  }
  if (settings === undefined || entries === undefined || problems.length > 0)
    throw new SettingsError(settingsFileName(name), problems, written?.placeOf);
  return { settings, entries };
}

/** The result of `parse`, or undefined after its problems were added, except those of a value with a known problem. */
function collecting<T>(problems: SettingProblem[], parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const known = [...problems];
    problems.push(...error.problems.filter(({ path }) => !known.some((one) => isSameValue(one.path, path))));
    return undefined;
  }
}

/** Whether one value contains the other. */
const isSameValue = (a: SettingPath, b: SettingPath): boolean =>
  a.slice(0, b.length).every((step, at) => step === b[at]);

function bucketProblems(entry: EntrySpec, settings: EnvironmentSettings, items: unknown): SettingProblem[] {
  const index = Array.isArray(items)
    ? items.findIndex((item) => isRecord(item) && item["name"] === entry.declaredAs)
    : -1;
  return entry.regions.flatMap((region) => {
    try {
      bucketOf(settings, region);
      return [];
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const { message, why, fix } = error;
      const text = `spawn:entries: item ${entry.declaredAs}: regions is not valid: ${message}`;
      return [{ path: ["entries", index, "regions"], text, why, fix }];
    }
  });
}

/**
 * Reads the environment `name` from its `Pulumi.<name>.yaml`, as the engine would but without an engine, and the
 * user's configuration for it.
 * @param projectFolder the folder of `Pulumi.yaml`
 * @throws InputError if the file is missing (it names the existing ones), is not YAML, or has an invalid key or value
 */
export async function readEnvironmentFile(projectFolder: string, name: string): Promise<EnvironmentConfig> {
  return configOf(projectFolder, name, await readConfig(projectFolder, name));
}

/** Parses an edited file of the environment before it is written. @throws InputError as {@link readEnvironmentFile} */
export const parseEnvironmentText = (text: string, projectFolder: string, name: string): EnvironmentConfig =>
  configOf(projectFolder, name, readYamlConfig(text, settingsFileName(name)));

function configOf(projectFolder: string, name: string, written: YamlConfig): EnvironmentConfig {
  const file = settingsFileName(name);
  const values = spawnValues(written.values, file);
  const overlay = readUserConfig().environments.get(name);
  const parsed = parseEnvironmentConfig(name, values, projectFolder, overlay, written);
  if (parsed.settings.cloud === "local") return parsed;
  return { ...parsed, profile: configuredProfile(written.values, file) };
}

/** The raw values of `spawn:…` in the file. @throws InputError if it is missing or not YAML */
export async function readEnvironmentValues(
  projectFolder: string,
  name: string,
): Promise<Readonly<Record<string, unknown>>> {
  const file = settingsFileName(name);
  const { values, problems, placeOf } = await readConfig(projectFolder, name);
  if (problems.length > 0) throw new SettingsError(file, problems, placeOf);
  return spawnValues(values, file);
}

async function readConfig(projectFolder: string, name: string): Promise<YamlConfig> {
  parseEnvironmentName(name);
  const file = settingsFileName(name);
  const text = await readTextIfThere(join(projectFolder, file));
  if (text === undefined) throw await missing(projectFolder, name);
  return readYamlConfig(text, file);
}

/**
 * Parses the configuration that the engine passes to a program, as {@link readEnvironmentFile} does. The engine's
 * values do not show whether a YAML reader changed them, nor where they are in the file.
 * @param config the values of the keys `spawn:…`, without that prefix
 * @throws SettingsError as {@link parseEnvironmentConfig}
 */
export async function parseEngineConfig(
  name: string,
  config: Readonly<Record<string, unknown>>,
  projectFolder: string,
): Promise<EnvironmentConfig> {
  const file = settingsFileName(name);
  const text = await readTextIfThere(join(projectFolder, file));
  const written = text === undefined ? undefined : readYamlConfig(text, file);
  const overlay = readUserConfig().environments.get(name);
  return parseEnvironmentConfig(name, config, projectFolder, overlay, written);
}

/** Names of the environments with a file in the project, sorted. */
export async function listEnvironments(projectFolder: string): Promise<string[]> {
  const names = (await readdir(projectFolder)).flatMap(
    (file) => /^Pulumi\.([^.]+)\.yaml$/.exec(file)?.[1] ?? [],
  );
  return names.filter(isEnvironmentName).sort();
}

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
    why: `${projectFolder} has no ${settingsFileName(name)}; its environments: ${others.join(", ") || "none"}.`,
    fix: `Write ${settingsFileName(name)} from the example Pulumi.prod.example.yaml, or use --environment ${others[0] ?? "dev"}`,
  });
}
