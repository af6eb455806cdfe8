import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseEnvironmentName } from "../staging/environment.ts";
import { InputError } from "../staging/errors.ts";
import { configuredProfile } from "./aws-config.ts";
import { spawnValues } from "./engine-config.ts";
import { type EnvironmentConfig, parseEnvironmentConfig } from "./environment-config.ts";
import { readTextIfThere } from "./files.ts";
import { readUserConfig } from "./user-config.ts";
import { readYamlConfig } from "./yaml-config.ts";

/**
 * Reads the environment `name` from its `Pulumi.<name>.yaml`, as the engine would, without an engine, and what the user has
 * configured for it.
 * @param projectFolder the folder of `Pulumi.yaml`
 * @throws InputError when the file is missing (it names those that are there), is no YAML, or has a wrong key or value
 */
export async function readEnvironmentFile(projectFolder: string, name: string): Promise<EnvironmentConfig> {
  const config = await readConfig(projectFolder, name);
  const values = spawnValues(config, fileOf(name));
  const parsed = parseEnvironmentConfig(name, values, projectFolder, readUserConfig().environments.get(name));
  if (parsed.settings.cloud === "local") return parsed;
  return { ...parsed, profile: configuredProfile(config, fileOf(name)) };
}

/** The values of `spawn:…` in the file, as they are there. @throws InputError when it is missing or no YAML */
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
 * Makes sure that a program which the engine hands its values to reads the file as {@link readEnvironmentFile} does: the engine's
 * values do not tell any more what was changed on the way.
 * @throws InputError that names the line, for a file that has values which readers change
 */
export async function checkEnvironmentFile(projectFolder: string, name: string): Promise<void> {
  const file = fileOf(name);
  const text = await readTextIfThere(join(projectFolder, file));
  if (text !== undefined) readYamlConfig(text, file);
}

/** Names of the environments that the project has a file for, sorted. */
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
    fix: `Write ${fileOf(name)} after the example Pulumi.prod.example.yaml, or use --environment ${others[0] ?? "dev"}`,
  });
}
