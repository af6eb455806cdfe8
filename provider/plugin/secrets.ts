import type { Json, Properties } from "./types.ts";

/** Marks special values on the wire. `resource.SigKey` and `resource.SecretSig` of the engine. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

const isObject = (value: Json | undefined): value is Properties =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isSecret = (value: Json | undefined): value is { value: Json } =>
  isObject(value) && value[SIGNATURE] === SECRET;

/** The value as a handler uses it. */
export function withoutSecrets(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isObject(value)) return value;
  if (isSecret(value)) return withoutSecrets(value.value);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, item === undefined ? undefined : withoutSecrets(item)]),
  );
}

/** The path of the first secret in `value`: `regions[0].subnets`. */
export function secretIn(value: Json | undefined, path = ""): string | undefined {
  if (isSecret(value)) return path;
  const members = Array.isArray(value)
    ? value.map((item, index) => secretIn(item, `${path}[${index}]`))
    : isObject(value)
      ? Object.entries(value).map(([key, item]) => secretIn(item, path === "" ? key : `${path}.${key}`))
      : [];
  return members.find((found) => found !== undefined);
}

/**
 * Marks as secret each result whose input of the same name is or contains a secret, as the engine does for a plugin
 * that does not accept secrets: `annotateSecrets` in pkg/resource/plugin/provider_plugin.go.
 */
export function markedAs(inputs: Properties, results: Properties): Properties {
  return Object.fromEntries(
    Object.entries(results).map(([key, result]) => {
      const input = inputs[key];
      if (result === undefined || secretIn(input) === undefined) return [key, result];
      if (isObject(result) && isObject(input) && !isSecret(input)) return [key, markedAs(input, result)];
      return [key, { [SIGNATURE]: SECRET, value: result }];
    }),
  );
}
