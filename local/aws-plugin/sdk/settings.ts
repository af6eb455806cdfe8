import { type ServiceSettings, serviceSettings } from "../../../connection/access.ts";
import { resolveConnection } from "../../../connection/connection.ts";
import type { Service } from "../../../connection/endpoints.ts";
import type { RequestHandler } from "../../../connection/request-handler.ts";
import { DIRECT, type Transport, transportOf } from "../../../connection/transport.ts";
import { UserError } from "../../../staging/errors.ts";

/** Common options of every AWS client. */
export interface ClientSettings extends ServiceSettings {
  readonly endpoint: string;
  readonly maxAttempts: number;
  readonly retryMode: "standard";
  readonly requestHandler: RequestHandler;
}

const CONNECT_MS = 5_000;
/** Maximum duration of one control-plane request; none here transfers object data. */
const REQUEST_MS = 60_000;

/** Loads the proxies and certificate authorities for the endpoint. The first resource reports invalid variables. */
export async function openTransport(): Promise<Transport> {
  try {
    return await transportOf(resolveConnection());
  } catch (error) {
    if (error instanceof UserError) return DIRECT;
    throw error;
  }
}

/**
 * Explicit settings from the environment, so that no request goes to AWS itself.
 * @throws UserError if the environment names no endpoint, or neither keys nor a profile
 */
export function clientSettings(transport: Transport, service: Service, region: string): ClientSettings {
  const connection = resolveConnection();
  const { endpoint, ...settings } = serviceSettings({ program: "aws-plugin", connection }, service, region);
  if (endpoint === undefined) throw notSet("AWS_ENDPOINT_URL");
  if (settings.credentials === undefined && settings.profile === undefined) throw notSet("AWS_ACCESS_KEY_ID");
  return {
    ...settings,
    endpoint,
    maxAttempts: 4,
    retryMode: "standard",
    requestHandler: transport.handler({
      connectionTimeout: CONNECT_MS,
      requestTimeout: REQUEST_MS,
      throwOnRequestTimeout: true,
    }),
  };
}

/** The default region of a resource. */
export const defaultRegion = (): string | undefined => resolveConnection().region;

function notSet(name: string): UserError {
  return new UserError(`${name} is not set`, {
    why: "This is the aws plugin of the local cloud: it serves an AWS emulator, never an AWS account.",
    fix: 'eval "$(npx spawn env)"',
  });
}
