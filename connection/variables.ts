/** Environment variables of a process, or of one that is about to start. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** What has to change in the user's variables: a text sets one, undefined removes it. */
export type VariableChanges = Readonly<Record<string, string | undefined>>;

/** Set beside AWS_ENDPOINT_URL where that is the endpoint of the local cloud that this program runs. */
export const EMBEDDED_ENDPOINT_VARIABLE = "SPAWN_CLOUD_ENDPOINT";

/** Beside it: the key of that local cloud, as ID:SECRET, for the plugins of a shell whose AWS keys were changed since. */
export const EMBEDDED_KEY_VARIABLE = "SPAWN_CLOUD_KEY";

/**
 * The endpoint that the user has chosen for every service, or undefined. An AWS_ENDPOINT_URL that came from `spawn env` is
 * the local cloud's, which may be down or have moved to another port since.
 */
export function usersEndpoint(env: Variables = process.env): string | undefined {
  const endpoint = env["AWS_ENDPOINT_URL"];
  if (!endpoint || ignoresEndpoints(env)) return undefined;
  return endpoint === env[EMBEDDED_ENDPOINT_VARIABLE] ? undefined : endpoint;
}

/** Whether the variables are those of a process that works on the local cloud. */
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
