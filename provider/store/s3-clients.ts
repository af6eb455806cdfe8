import type { ObjectStore } from "./object-store.ts";
import type { RequestSender } from "./operations.ts";
import { objectStoreOf, type StoreLimits } from "./requests.ts";
import { retryingClient } from "./retrying.ts";
import type { SdkClient } from "./sdk-client.ts";
import { DEFAULT_STALL_TIMEOUT_MS } from "./stall-timeout.ts";

/** The SDK's client and the request sender of one region, and the limits of their requests. Both send without `retries`. */
export interface Regional<Client extends SdkClient = SdkClient> extends StoreLimits {
  /** For the settings of buckets. */
  readonly client: Client;
  /** For objects. */
  readonly sender: RequestSender;
}

/** Clients and object stores of all regions. S3 responds 301 to a request for a bucket in another region. */
export interface S3Clients<Client extends SdkClient = SdkClient> {
  /** Whether requests omit the expected owner: for sources that the user named. @default false */
  readonly anyOwner?: boolean;
  /** @param stallTimeoutMs milliseconds without a byte after which a connection is closed */
  at(region: string, stallTimeoutMs?: number): Regional<Client>;
  /** For the settings of a region's buckets. */
  of(region: string): SdkClient;
  /** The objects of a region. */
  store(region: string): ObjectStore;
}

/**
 * @param connect called once for each region and stall timeout
 * @param longestStallMs the upper limit of all stall timeouts
 */
export function s3Clients<Client extends SdkClient>(
  connect: (region: string, stallTimeoutMs: number) => Regional<Client>,
  { anyOwner = false, longestStallMs = Number.POSITIVE_INFINITY } = {},
): S3Clients<Client> {
  const connected = (region: string, stallTimeoutMs: number) => {
    const regional = connect(region, stallTimeoutMs);
    const { client, sender, retries } = regional;
    const retrying = retries === undefined ? client : retryingClient(client, retries);
    return { ...regional, retrying, store: objectStoreOf(sender, regional) };
  };
  const regions = new Map<string, ReturnType<typeof connected>>();
  const at = (region: string, wanted = DEFAULT_STALL_TIMEOUT_MS) => {
    const stallTimeoutMs = Math.min(wanted, longestStallMs);
    const key = `${region} ${stallTimeoutMs}`;
    const found = regions.get(key) ?? connected(region, stallTimeoutMs);
    regions.set(key, found);
    return found;
  };
  return {
    ...(anyOwner ? { anyOwner } : {}),
    at,
    of: (region) => at(region).retrying,
    store: (region) => at(region).store,
  };
}
