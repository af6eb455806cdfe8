import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isRecord, parseEnvironmentName } from "../staging/environment.ts";
import { InputError } from "../staging/errors.ts";
import { type EnvironmentConfig, parseEnvironmentConfig } from "./environment-config.ts";
import { parseYaml, readTextIfThere } from "./files.ts";
import { readUserConfig } from "./user-config.ts";

const NAMESPACE = "spawn:";

/**
 * Reads the environment `name` from its `Pulumi.<name>.yaml`, as the engine would, without an engine, and what the user has
 * configured for it.
 * @param projectFolder the folder of `Pulumi.yaml`
 * @throws InputError when the file is missing (it names those that are there), is no YAML, or has a wrong key or value
 */
export async function readEnvironmentFile(projectFolder: string, name: string): Promise<EnvironmentConfig> {
  const values = await readEnvironmentValues(projectFolder, name);
  return parseEnvironmentConfig(name, values, projectFolder, readUserConfig().environments.get(name));
}

/** The values of `spawn:…` in the file, as they are there. @throws InputError when it is missing or no YAML */
export async function readEnvironmentValues(
  projectFolder: string,
  name: string,
): Promise<Readonly<Record<string, unknown>>> {
  parseEnvironmentName(name);
  const file = fileOf(name);
  const text = await readTextIfThere(join(projectFolder, file));
  if (text === undefined) throw await missing(projectFolder, name);
  return valuesOf(parseYaml(text, file), file);
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

/** The values of `spawn:…`; keys of other namespaces are for the engine and its plugins. */
function valuesOf(content: unknown, file: string): Record<string, unknown> {
  const config = isRecord(content) ? (content["config"] ?? {}) : (content ?? {});
  if (!isRecord(config))
    throw new InputError(`${file}: config must be a mapping of keys such as spawn:regions`);
  for (const key of Object.keys(config)) {
    if (!key.includes(":")) {
      throw new InputError(`${file}: config: ${key} has no namespace`, { fix: `Write spawn:${key}.` });
    }
  }
  const own = Object.entries(config).filter(([key]) => key.startsWith(NAMESPACE));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(NAMESPACE.length), asEngineReads(value)]));
}

/** To the engine a key without a value and an empty text are the same, and a number or a truth value is its text. */
function asEngineReads(value: unknown): unknown {
  if (value === null || value === "") return undefined;
  return typeof value === "object" ? value : String(value);
}
