import { DEFAULT_RETRY_PATIENCE, patientRetries } from "../transfer/retry-strategy.ts";
import { createDynamoClients, type DynamoClientOptions } from "../usage-row.ts";

/**
 * Clients for many writes at a time: requests that are throttled are sent again, each by itself. By default they would take from one quota
 * for each client, which a second of throttling uses up.
 */
export const sweepDynamoClients = (
  options: DynamoClientOptions = {},
): ReturnType<typeof createDynamoClients> =>
  createDynamoClients({
    ...options,
    config: {
      maxAttempts: DEFAULT_RETRY_PATIENCE.attempts,
      retryStrategy: patientRetries(),
      ...options.config,
    },
  });
