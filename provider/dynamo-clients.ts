import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { type Access, directAccess, serviceSettings } from "../connection/access.ts";
import { CONNECT_TIMEOUT_MS, perRegion, STALL_TIMEOUT_MS } from "./regional-clients.ts";
import { DEFAULT_RETRY_PATIENCE, patientRetries } from "./store/retry-strategy.ts";
import { followServerTime } from "./store/server-time.ts";

/** The client of a region. */
export type DynamoClients = (region: string) => DynamoDBClient;

export interface DynamoClientOptions {
  /** Milliseconds without a byte after which a connection is closed. @default STALL_TIMEOUT_MS */
  readonly stallTimeoutMs?: number;
  /** Credentials, endpoints and proxy. @default those of this process's variables, without a proxy */
  readonly access?: Access;
  /** Settings that override those of `access`. */
  readonly config?: DynamoDBClientConfig;
}

/** One client for each region, created on first use. */
export const createDynamoClients = (options: DynamoClientOptions = {}): DynamoClients =>
  perRegion((region) => createClient(region, options));

/**
 * Clients for many concurrent writes: each throttled request has retries of its own. By default all requests of a client share one quota of
 * retries, which a second of throttling uses up.
 */
export const createBulkDynamoClients = (options: Pick<DynamoClientOptions, "access"> = {}): DynamoClients =>
  createDynamoClients({
    ...options,
    config: { maxAttempts: DEFAULT_RETRY_PATIENCE.attempts, retryStrategy: patientRetries() },
  });

function createClient(
  region: string,
  { stallTimeoutMs, config, access }: DynamoClientOptions,
): DynamoDBClient {
  const { connection, transport } = access ?? directAccess();
  const client = new DynamoDBClient({
    ...serviceSettings(connection, "DYNAMODB", region),
    requestHandler: transport.handler({
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: stallTimeoutMs ?? STALL_TIMEOUT_MS,
    }),
    ...config,
  });
  followServerTime(client);
  return client;
}
