import type { AccountId } from "../staging/accounts.ts";
import { omitUndefined } from "../staging/omit.ts";
import { type Connection, type Keys, resolveConnection } from "./connection.ts";
import type { Service } from "./endpoints.ts";
import type { HandlerOptions, RequestHandler } from "./request-handler.ts";
import { DIRECT, type Transport, transportOf } from "./transport.ts";

/** The program that sends requests; `library` if another program, such as a test, calls this code. */
type Program = "cli" | "provider" | "aws-plugin" | "machines" | "library";

/** The common options of every AWS client. */
export interface Access {
  readonly program: Program;
  readonly connection: Connection;
  readonly transport: Transport;
  /** The account that `accountOf` has found. */
  account?: Promise<AccountId | undefined>;
}

/**
 * Loads the files of a connection.
 * @param connection default: the connection of this process
 * @throws InputError as `resolveConnection` does
 */
export async function openAccess(
  program: Program,
  connection: Connection = resolveConnection(),
): Promise<Access> {
  return { program, connection, transport: await transportOf(connection) };
}

/**
 * For processes without proxies and custom certificate authorities, such as tests: resolves the current variables.
 */
export const directAccess = (): Access => ({
  program: "library",
  connection: resolveConnection(),
  transport: DIRECT,
});

/** Options of an SDK client, without its handler. */
export interface ServiceSettings {
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials?: Keys;
  readonly profile?: string;
  readonly customUserAgent?: [name: string, version: string][];
}

/** Settings of a client of the SDK. */
export interface ClientConfig extends ServiceSettings {
  readonly maxAttempts: number;
  readonly requestHandler: RequestHandler | HandlerOptions;
}

/**
 * The addition to the User-Agent of every request: `spawn/provider`. CloudTrail and the access logs of buckets record
 * it, so that an operator can find spawn's requests and their origin.
 */
export const userAgent = (program: Program): [name: string, version: string][] => [["spawn", program]];

/** Credentials, region and endpoint of a service, all explicit, so that the SDK looks nothing up. */
export function serviceSettings(
  { program, connection }: Pick<Access, "program" | "connection">,
  service: Service,
  region: string,
): ServiceSettings {
  const { endpoints, keys, profile } = connection;
  const endpoint = endpoints[service]?.url;
  const known = omitUndefined({ endpoint, credentials: keys, profile });
  return { region, customUserAgent: userAgent(program), ...known };
}

/**
 * The settings of a client of any service but S3, whose timeouts depend on the request size.
 * @param socketTimeout milliseconds without data, after which the SDK retries. Its own default is to wait forever
 */
export const clientSettings = (access: Access, service: Service, region: string, socketTimeout = 30_000) => ({
  ...serviceSettings(access, service, region),
  requestHandler: access.transport.handler({ connectionTimeout: 10_000, socketTimeout }),
});
