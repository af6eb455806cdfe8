import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { type Access, clientSettings, directAccess } from "../connection/access.ts";
import { oncePer } from "../staging/once.ts";
import { INSIDE, retriesInside } from "./store/retrying.ts";
import { followServerTime } from "./store/server-time.ts";

/** Returns the client of a region. */
export type DynamoClients = (region: string) => DynamoDBClient;

interface DynamoClientOptions {
  /** Milliseconds without a byte after which a connection is closed. @default 30 s */
  readonly stallTimeoutMs?: number;
  /** Credentials, endpoints and proxy. @default environment variables of this process, no proxy */
  readonly access?: Access;
  /** Settings that override those of `access`. */
  readonly config?: DynamoDBClientConfig;
}

/** One client for each region, created on first use. */
export const createDynamoClients = (options: DynamoClientOptions = {}): DynamoClients =>
  oncePer((region) => createClient(region, options));

/**
 * Clients for many concurrent writes: each throttled request has its own retries. By default, all requests of a client share one retry
 * quota, which one second of throttling uses up.
 */
export const createBulkDynamoClients = (options: Pick<DynamoClientOptions, "access"> = {}): DynamoClients =>
  oncePer((region) => {
    const client = createClient(region, options);
    client.middlewareStack.add(retriesInside({ region }), INSIDE);
    return client;
  });

function createClient(
  region: string,
  { stallTimeoutMs, config, access = directAccess() }: DynamoClientOptions,
): DynamoDBClient {
  const client = new DynamoDBClient({
    ...clientSettings(access, "DYNAMODB", region, stallTimeoutMs),
    ...config,
  });
  followServerTime(client);
  return client;
}
