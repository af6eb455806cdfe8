import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { type Access, directAccess, serviceSettings } from "../../connection/access.ts";
import { createS3Client } from "./client.ts";
import { Http } from "./fast/http.ts";
import { fastSender } from "./fast/sender.ts";
import type { RetryPolicy } from "./request-retries.ts";
import { type Regional, type S3Clients, s3Clients } from "./s3-clients.ts";
import { sdkSender } from "./sdk-sender.ts";

/**
 * Maximum connections to one region, for the SDK and for the fast path each. The limit exceeds the requests in flight,
 * because the SDK counts the wait for a connection as a timeout. Connections open on demand.
 */
const MAX_SOCKETS = 640;
const CONNECT_TIMEOUT_MS = 10_000;

interface S3ClientOptions extends Pick<RetryPolicy, "patience" | "clock" | "onThrottled"> {
  /** The upper limit of all stall timeouts, in milliseconds: a connection without a byte for that time is closed. */
  readonly stallTimeoutMs?: number;
  /** Sends every request through the SDK, for callers whose middleware observes or changes requests. */
  readonly sdkOnly?: boolean;
  /** The connection to AWS. @default the variables of this process, without a proxy */
  readonly access?: Access;
  /** Finds the account that must own the buckets of a region. @default requests go to buckets of any account */
  readonly account?: ((region: string) => Promise<string | undefined>) | undefined;
  /** Settings that override those of `access`. */
  readonly config?: S3ClientConfig;
}

export const createS3Clients = (options: S3ClientOptions = {}): S3Clients<S3Client> =>
  s3Clients((region, stallTimeoutMs) => connectTo(region, stallTimeoutMs, options), {
    ...(options.stallTimeoutMs === undefined ? {} : { longestStallMs: options.stallTimeoutMs }),
  });

function connectTo(region: string, stallTimeoutMs: number, options: S3ClientOptions): Regional<S3Client> {
  const { account, patience, clock, onThrottled, sdkOnly, access = directAccess() } = options;
  const { transport } = access;
  const owner = account && (() => account(region));
  const client = createS3Client(
    {
      ...serviceSettings(access, "S3", region),
      maxAttempts: 1,
      // The mode `adaptive`, which AWS_RETRY_MODE can set, also limits the rate of first attempts.
      retryMode: "standard",
      // Each upload already has a checksum; another pass over the bytes would only cost CPU.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      // The SDK opens a new connection for each request with "100 Continue".
      expectContinueHeader: false,
      requestHandler: transport.handler({
        connectionTimeout: CONNECT_TIMEOUT_MS,
        socketTimeout: stallTimeoutMs,
        maxSockets: MAX_SOCKETS,
        noDelay: true,
      }),
      ...options.config,
    },
    { owner },
  );
  let isPrepared = false;
  const prepare = async () => {
    if (!isPrepared) await Promise.all([client.config.credentials(), owner?.()]);
    isPrepared = true;
  };
  const retries = { region, patience, clock, prepare, onThrottled };
  const bySdk = sdkSender(client, region);
  if (sdkOnly === true) return { client, sender: bySdk, retries };
  const limits = { most: MAX_SOCKETS, connectTimeoutMs: CONNECT_TIMEOUT_MS, stallTimeoutMs };
  const http = new Http({ ...limits, ca: transport.ca, proxyOf: transport.proxyOf });
  closeWith(client, http);
  return { client, sender: fastSender({ next: bySdk, client, http, owner }), retries };
}

/** Closes the connections of the fast path together with the client's. */
function closeWith(client: S3Client, http: Http): void {
  const destroy = client.destroy.bind(client);
  client.destroy = () => {
    void http.close();
    destroy();
  };
}
