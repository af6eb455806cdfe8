import { InputError, messageOf } from "../staging/errors.ts";

const NAMESPACE = "spawn:";

/**
 * The values of `spawn:…` in a stack's configuration, from the engine or from `readYamlConfig`: one string per key,
 * with lists and mappings as JSON. A list in the file may also be such a string, because `pulumi config set` writes
 * it so.
 * @param config all keys with their namespaces, as `pulumi.runtime.allConfig()` returns them
 * @param where the location of the configuration, for errors
 * @returns the values without the prefix `spawn:`
 * @throws InputError if a value begins like a list or a mapping but is not valid JSON
 */
export function spawnValues(
  config: Readonly<Record<string, string>>,
  where = "the configuration",
): Record<string, unknown> {
  const own = Object.entries(config).filter(([key]) => key.startsWith(NAMESPACE));
  return Object.fromEntries(
    own.map(([key, text]) => [key.slice(NAMESPACE.length), parseValue(key, text, where)]),
  );
}

function parseValue(key: string, text: string, where: string): unknown {
  // A key without a value arrives as an empty string.
  if (text === "") return undefined;
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new InputError(`${where}: ${key} begins like a list but is not valid`, {
      why: messageOf(error),
      fix: `Write ${key} as JSON, such as '["us-east-1"]', or as a list of YAML.`,
    });
  }
}
