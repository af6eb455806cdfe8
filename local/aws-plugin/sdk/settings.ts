import { UserError } from "../../../staging/errors.ts";

/** What every client of the AWS SDK is made with. */
export interface ClientSettings {
  readonly region: string;
  readonly endpoint: string;
  readonly credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  readonly maxAttempts: number;
  readonly retryMode: "standard";
  readonly requestHandler: {
    connectionTimeout: number;
    requestTimeout: number;
    throwOnRequestTimeout: boolean;
  };
}

const CONNECT_MS = 5_000;
/** The longest that one request of a control plane may take; none here carries an object's bytes. */
const REQUEST_MS = 60_000;

/**
 * Settings from the environment, all of them explicit, so that no profile of the user leads to a real account.
 * @throws UserError when the environment names no endpoint or no keys
 */
export function clientSettings(region: string): ClientSettings {
  const sessionToken = process.env["AWS_SESSION_TOKEN"];
  return {
    region,
    endpoint: required("AWS_ENDPOINT_URL"),
    credentials: {
      accessKeyId: required("AWS_ACCESS_KEY_ID"),
      secretAccessKey: required("AWS_SECRET_ACCESS_KEY"),
      ...(sessionToken ? { sessionToken } : {}),
    },
    maxAttempts: 4,
    retryMode: "standard",
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      requestTimeout: REQUEST_MS,
      throwOnRequestTimeout: true,
    },
  };
}

/** The region of a resource that declares none. */
export function defaultRegion(): string | undefined {
  return process.env["AWS_REGION"] || process.env["AWS_DEFAULT_REGION"] || undefined;
}

function required(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new UserError(`${name} is not set`, {
    why: "This is the aws plugin of the local cloud: it serves an AWS emulator, never an AWS account.",
    fix: 'eval "$(npx spawn env)"',
  });
}
