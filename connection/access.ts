import type { AccountId } from "../staging/accounts.ts";
import { type Connection, resolveConnection } from "./connection.ts";
import type { Service } from "./endpoints.ts";
import type { HandlerOptions, RequestHandler } from "./request-handler.ts";
import { DIRECT, type Transport, transportOf } from "./transport.ts";
import { userAgent } from "./user-agent.ts";

/** The common options of every AWS client. */
export interface Access {
  readonly connection: Connection;
  readonly transport: Transport;
  /** The account that `accountOf` has found. */
  account?: Promise<AccountId | undefined>;
}

/** Resolves the connection of this process and loads its files. @throws InputError as `resolveConnection` does */
export async function openAccess(connection: Connection = resolveConnection()): Promise<Access> {
  return { connection, transport: await transportOf(connection) };
}

/**
 * For processes without proxies and custom certificate authorities, such as tests: resolves the current variables.
 */
export const directAccess = (): Access => ({ connection: resolveConnection(), transport: DIRECT });

/** Options of an SDK client, without its handler. */
export interface ServiceSettings {
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  readonly profile?: string;
  readonly customUserAgent?: [name: string, version: string][];
}

/** Settings of a client of the SDK. */
export interface ClientConfig extends ServiceSettings {
  readonly maxAttempts: number;
  readonly requestHandler: RequestHandler | HandlerOptions;
}

/** Credentials, region and endpoint of a service, all explicit, so that the SDK looks nothing up. */
export function serviceSettings(connection: Connection, service: Service, region: string): ServiceSettings {
  const { endpoints, keys, profile } = connection;
  const endpoint = endpoints[service]?.url;
  return {
    region,
    customUserAgent: userAgent(),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(keys === undefined ? {} : { credentials: keys }),
    ...(profile === undefined ? {} : { profile }),
  };
}
