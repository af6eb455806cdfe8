import { UserError } from "../staging/errors.ts";
import { type Authorities, authorities } from "./certificates.ts";
import { type Endpoints, endpointsOf, SERVICES } from "./endpoints.ts";
import { readProfile } from "./profile-file.ts";
import { NO_PROXIES, type ProxySettings, proxySettings } from "./proxy.ts";
import { isOnLocalCloud, type Variables } from "./variables.ts";

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/**
 * Credentials, endpoints, proxies and certificate authorities of requests to AWS. This module alone resolves them,
 * from the variables of a process and the AWS configuration files; every client uses the result. The command line
 * sets variables for its child processes that resolve to the same connection (`child-variables.ts`).
 */
export interface Connection {
  /** Whether this is spawn's local cloud. */
  readonly isLocalCloud: boolean;
  /** Keys from the variables; undefined if the SDK finds its own, by a profile, a role or a container. */
  readonly keys: Keys | undefined;
  /** The profile for the SDK; undefined if keys take precedence. */
  readonly profile: string | undefined;
  /** For calls without a region of their own. */
  readonly region: string | undefined;
  readonly endpoints: Endpoints;
  readonly proxies: ProxySettings;
  readonly authorities: Authorities | undefined;
}

/**
 * @param wanted the profile in the environment's configuration, which overrides every variable
 * @throws InputError that names the invalid variable, or the file and its line
 */
export function resolveConnection(
  env: Variables = process.env,
  wanted?: { readonly name: string; readonly source: string },
): Connection {
  if (isOnLocalCloud(env)) return localCloud(env);
  const keys = wanted === undefined ? keysIn(env) : undefined;
  const profile = readProfile(env, wanted);
  const bundle = profile.settings.get("ca_bundle");
  return {
    isLocalCloud: false,
    keys,
    profile: keys === undefined ? (wanted?.name ?? (env["AWS_PROFILE"] || undefined)) : undefined,
    region: env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] || profile.settings.get("region") || undefined,
    endpoints: endpointsOf(env, profile),
    proxies: proxySettings(env),
    authorities: authorities(env, bundle ? { file: bundle, source: profile.source } : undefined),
  };
}

/**
 * The connection of this process, for an error text; undefined if its variables are invalid, which is a separate
 * error.
 */
export function connectionOfProcess(): Connection | undefined {
  try {
    return resolveConnection();
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** The local cloud on this machine, with its own key: no proxy, and none of the user's files. */
function localCloud(env: Variables): Connection {
  const endpoint = { url: env["AWS_ENDPOINT_URL"] ?? "", source: "AWS_ENDPOINT_URL" };
  return {
    isLocalCloud: true,
    keys: keysIn(env),
    profile: undefined,
    region: env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] || undefined,
    endpoints: Object.fromEntries(SERVICES.map((service) => [service, endpoint])),
    proxies: NO_PROXIES,
    authorities: undefined,
  };
}

/** As in the AWS CLI, keys in the variables override AWS_PROFILE. */
export function keysIn(env: Variables): Keys | undefined {
  const [accessKeyId, secretAccessKey] = [env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"]];
  if (!accessKeyId || !secretAccessKey) return undefined;
  const sessionToken = env["AWS_SESSION_TOKEN"];
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}
