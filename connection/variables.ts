/** Environment variables of a process or a child process. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Changes to the user's variables: a string sets a variable, undefined removes it. */
export type VariableChanges = Readonly<Record<string, string | undefined>>;

/** Set in addition to AWS_ENDPOINT_URL if that is the endpoint of spawn's local cloud. */
export const EMBEDDED_ENDPOINT_VARIABLE = "SPAWN_CLOUD_ENDPOINT";

/** The key of that local cloud, as ID:SECRET, for plugins of a shell whose AWS keys have changed since. */
export const EMBEDDED_KEY_VARIABLE = "SPAWN_CLOUD_KEY";

/**
 * The user's endpoint for every service, or undefined. An AWS_ENDPOINT_URL from `spawn env` belongs to the local
 * cloud, which may have stopped or moved to another port since.
 */
export function usersEndpoint(env: Variables = process.env): string | undefined {
  const endpoint = env["AWS_ENDPOINT_URL"];
  if (!endpoint || ignoresEndpoints(env)) return undefined;
  return endpoint === env[EMBEDDED_ENDPOINT_VARIABLE] ? undefined : endpoint;
}

/** Whether the process uses the local cloud. */
export function isOnLocalCloud(env: Variables = process.env): boolean {
  const endpoint = env[EMBEDDED_ENDPOINT_VARIABLE];
  return Boolean(endpoint) && endpoint === env["AWS_ENDPOINT_URL"];
}

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html */
export const ignoresEndpoints = (env: Variables): boolean =>
  env["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]?.trim().toLowerCase() === "true";

/** The variables with the changes applied. */
export function changed(env: Variables, changes: VariableChanges): Record<string, string> {
  const merged = Object.entries({ ...env, ...changes });
  return Object.fromEntries(merged.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
