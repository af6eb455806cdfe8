import { devNull } from "node:os";
import { type Connection, type Keys, keysIn, resolveConnection } from "./connection.ts";
import { endpointVariable, SERVICES } from "./endpoints.ts";
import { embeddedKeys } from "./local-cloud.ts";
import { proxyVariables } from "./proxy.ts";
import {
  changed,
  EMBEDDED_ENDPOINT_VARIABLE,
  EMBEDDED_KEY_VARIABLE,
  usersEndpoint,
  type VariableChanges,
  type Variables,
} from "./variables.ts";

/**
 * For a server in place of AWS if the user has set no keys: emulators accept any. The local cloud accepts only its
 * own.
 */
const ANY_KEYS = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" } as const;

/** The properties of a connection that the user's variables do not give. */
export type Target =
  | {
      readonly cloud: "local";
      /** Of the local cloud; a custom endpoint of the user overrides it. */
      readonly endpoint: string | undefined;
      /** Of the local cloud. Default: the keys in the variables for it. */
      readonly keys?: Keys | undefined;
      readonly region: string | undefined;
    }
  | {
      readonly cloud: "aws";
      /** The profile in the environment's configuration. */
      readonly profile?: { readonly name: string; readonly source: string } | undefined;
    };

/**
 * The changes to the user's variables with which every part of a process and its children (the engine, its plugins,
 * any AWS SDK) resolves the same connection: {@link resolveConnection} of the result equals that of `target`.
 * Applying them twice changes nothing more.
 * @throws InputError as {@link resolveConnection} does
 */
export function connectionVariables(env: Variables, target: Target): VariableChanges {
  if (target.cloud === "aws") return explicit(env, resolveConnection(env, target.profile));
  const own = usersEndpoint(env);
  return own === undefined ? variablesOnLocalCloud(env, target) : variablesAtEndpoint(env, own, target);
}

/** The local cloud has no KMS: a key of the state's secrets is elsewhere, and only the engine reads it. */
const KMS_ENDPOINT = "AWS_ENDPOINT_URL_KMS";

/** The local cloud ignores the shell's other AWS settings: all variables are removed or replaced, and no file is read. */
function variablesOnLocalCloud(
  env: Variables,
  { endpoint, region, keys = embeddedKeys(env) }: Extract<Target, { cloud: "local" }>,
): VariableChanges {
  const theirs = Object.keys(env).filter((name) => name.startsWith("AWS_") && name !== KMS_ENDPOINT);
  const chosenRegion = region || "us-east-1";
  return {
    ...Object.fromEntries(theirs.map((name) => [name, undefined])),
    ...proxyVariables(env),
    ...(endpoint === undefined ? {} : { AWS_ENDPOINT_URL: endpoint, [EMBEDDED_ENDPOINT_VARIABLE]: endpoint }),
    ...(keys === undefined ? ANY_KEYS : localKeyVariables(keys)),
    AWS_REGION: chosenRegion,
    AWS_DEFAULT_REGION: chosenRegion,
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    // Otherwise an SDK without keys requests the metadata service of EC2, which does not exist here.
    AWS_EC2_METADATA_DISABLED: "true",
  };
}

const localKeyVariables = ({ accessKeyId, secretAccessKey }: Keys) => ({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
  [EMBEDDED_KEY_VARIABLE]: `${accessKeyId}:${secretAccessKey}`,
});

/** A user's server in place of the local cloud: the rules of all AWS tools apply. */
function variablesAtEndpoint(
  env: Variables,
  endpoint: string,
  { region }: Extract<Target, { cloud: "local" }>,
): VariableChanges {
  const hasKeys = keysIn(env) !== undefined || Boolean(env["AWS_PROFILE"]);
  const keys = {
    ...ANY_KEYS,
    ...(env["AWS_SESSION_TOKEN"] === undefined ? {} : { AWS_SESSION_TOKEN: undefined }),
  };
  const given = { ...(hasKeys ? {} : keys), AWS_ENDPOINT_URL: endpoint };
  const connection = resolveConnection(changed(env, given));
  return {
    ...given,
    ...explicit(env, {
      ...connection,
      region: env["AWS_REGION"] || region || connection.region || "us-east-1",
    }),
  };
}

/** Makes settings explicit that SDKs of several languages read differently. */
function explicit(env: Variables, connection: Connection): VariableChanges {
  const { keys, profile, region, endpoints, authorities } = connection;
  const changes: Record<string, string | undefined> = { ...proxyVariables(env) };
  if (profile !== undefined && profile !== env["AWS_PROFILE"]) changes["AWS_PROFILE"] = profile;
  // The configuration names a profile, so keys must not apply; but every SDK would prefer them.
  if (keys === undefined && keysIn(env) !== undefined) {
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]) {
      if (env[name] !== undefined) changes[name] = undefined;
    }
  }
  if (region !== undefined) {
    changes["AWS_REGION"] = region;
    changes["AWS_DEFAULT_REGION"] = region;
  }
  for (const service of SERVICES) {
    const endpoint = endpoints[service];
    if (endpoint !== undefined && endpoint.source !== "AWS_ENDPOINT_URL") {
      changes[endpointVariable(service)] = endpoint.url;
    }
  }
  if (authorities !== undefined) changes["AWS_CA_BUNDLE"] = authorities.file;
  return changes;
}
