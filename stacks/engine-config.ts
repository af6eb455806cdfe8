import { InputError, messageOf } from "../staging/errors.ts";

const NAMESPACE = "spawn:";

/**
 * The values of `spawn:…` in a stack's configuration as the engine hands it over: one text for each key, lists and
 * mappings as JSON.
 * @param config all keys with their namespaces, as `pulumi.runtime.allConfig()` returns them
 * @returns the values without the prefix `spawn:`
 * @throws InputError when a value begins like a list or a mapping and is none
 */
export function spawnValues(config: Readonly<Record<string, string>>): Record<string, unknown> {
  const own = Object.entries(config).filter(([key]) => key.startsWith(NAMESPACE));
  return Object.fromEntries(own.map(([key, text]) => [key.slice(NAMESPACE.length), parseValue(key, text)]));
}

function parseValue(key: string, text: string): unknown {
  // A key without a value arrives as an empty text.
  if (text === "") return undefined;
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new InputError(`the configuration's ${key} cannot be read`, { why: messageOf(error) });
  }
}
