import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { type Access, directAccess, serviceSettings } from "../../connection/access.ts";
import { isThrottled } from "../../connection/errors/kinds.ts";
import { throttledBy } from "../transfer/flow/limiters.ts";
import { expectOwner } from "./expected-owner.ts";
import { Http } from "./fast/http.ts";
import { fastSender } from "./fast/sender.ts";
import { tellWhyHeadsFail } from "./head-errors.ts";
import type { ObjectStore } from "./object-store.ts";
import { DEFAULT_RETRY_PATIENCE, patientRetries } from "./retry-strategy.ts";
import { followSettings } from "./sdk-attempts.ts";
import { sdkSender } from "./sdk-sender.ts";
import { followServerTime } from "./server-time.ts";
import { DEFAULT_STALL_TIMEOUT_MS } from "./stall-timeout.ts";
import { storeOf, useSender } from "./store-of.ts";

/**
 * Connections to one region, as many for what the SDK sends as for what goes past it: more than there are turns (`turns.ts`), since the
 * SDK takes waiting for a connection for a server's silence. They are opened when they are needed.
 */
const MAX_SOCKETS = 640;
const CONNECT_TIMEOUT_MS = 10_000;

export interface S3Clients {
  /** Whether their requests expect no owner: for sources that the user names. */
  readonly anyOwner?: boolean;
  /**
   * The client of a region. A request to a bucket in another region than its client's is answered 301.
   * @param stallTimeoutMs milliseconds after which a connection on which nothing moves is given up
   */
  of(region: string, stallTimeoutMs?: number): S3Client;
  /** The objects of a region. */
  store(region: string): ObjectStore;
}

export interface S3ClientOptions {
  /** Milliseconds after which a connection on which nothing moves is given up at the latest. */
  readonly stallTimeoutMs?: number;
  /** Leaves every request to the SDK, for those who watch or change them by its middleware. */
  readonly sdkOnly?: boolean;
  /** The connection to AWS. @default the variables of this process, without a proxy */
  readonly access?: Access;
  /**
   * The account that owns the buckets, found out when it is first needed. Every request names it.
   * @default none: requests go to buckets of any owner
   */
  readonly account?: ((region: string) => Promise<string | undefined>) | undefined;
  /** Settings that go before those of `access`. */
  readonly config?: S3ClientConfig;
}

/** Clients together with the object stores on them. */
export function withStores(clients: Omit<S3Clients, "store">): S3Clients {
  return { ...clients, store: (region) => storeOf(clients.of(region), region) };
}

/** One client for each region and time-out, made when first asked for and kept. */
export function createS3Clients(options: S3ClientOptions = {}): S3Clients {
  const clients = new Map<string, S3Client>();
  return withStores({
    of(region, wanted = DEFAULT_STALL_TIMEOUT_MS) {
      const stallTimeoutMs = Math.min(wanted, options.stallTimeoutMs ?? Number.POSITIVE_INFINITY);
      const key = `${region} ${stallTimeoutMs}`;
      let client = clients.get(key);
      if (client === undefined) {
        client = createClient(region, stallTimeoutMs, options);
        clients.set(key, client);
      }
      return client;
    },
  });
}

function createClient(region: string, stallTimeoutMs: number, options: S3ClientOptions): S3Client {
  const { connection, transport } = options.access ?? directAccess();
  const settings = serviceSettings(connection, "S3", region);
  const client = new S3Client({
    ...settings,
    // Emulators don't resolve bucket.host names.
    forcePathStyle: settings.endpoint !== undefined,
    // Only a header's text, for which the SDK would look at files.
    maxAttempts: DEFAULT_RETRY_PATIENCE.attempts,
    retryStrategy: patientRetries(),
    // The checksums that count are given with each part; no others are worth a pass over the bytes.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    // The SDK opens a new connection for each request that asks for "100 Continue".
    expectContinueHeader: false,
    requestHandler: transport.handler({
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: stallTimeoutMs,
      maxSockets: MAX_SOCKETS,
      noDelay: true,
    }),
    ...options.config,
  });
  const { account } = options;
  const owner = account && (() => account(region));
  followServerTime(client);
  if (owner !== undefined) expectOwner(client, owner);
  sendPayloadsUnsigned(client);
  tellWhyHeadsFail(client);
  sendExpiresAsGiven(client);
  sendLessWhenThrottled(client);
  followSettings(client);
  const bySdk = sdkSender(client, region);
  if (options.sdkOnly === true) {
    useSender(client, bySdk);
  } else {
    const limits = { most: MAX_SOCKETS, connectTimeoutMs: CONNECT_TIMEOUT_MS, stallTimeoutMs };
    const http = new Http({ ...limits, ca: transport.ca });
    useSender(client, fastSender({ next: bySdk, client, http, isDirect: transport.isDirect, owner }));
    closeWith(client, http);
  }
  return client;
}

/** Closes the connections together with the client's own. */
function closeWith(client: S3Client, http: Http): void {
  const destroy = client.destroy.bind(client);
  client.destroy = () => {
    void http.close();
    destroy();
  };
}

/**
 * Signs uploads without a SHA-256 of their bytes: each carries a CRC32 that S3 checks, and hashing everything a second
 * time would cost more than sending it.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
function sendPayloadsUnsigned(client: S3Client): void {
  client.middlewareStack.add(
    (next, context) => (args) => {
      if (UPLOADS.has(context.commandName ?? "")) {
        const request = args.request as { headers: Record<string, string> };
        request.headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD";
      }
      return next(args);
    },
    { step: "build", name: "sendPayloadsUnsigned" },
  );
}

/** Sends an `Expires` header as its object has it: the SDK only knows times, and S3 keeps other texts, too. */
function sendExpiresAsGiven(client: S3Client): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const { ExpiresString } = args.input as { ExpiresString?: string };
      if (ExpiresString !== undefined) {
        const request = args.request as { headers: Record<string, string> };
        request.headers["expires"] = ExpiresString;
      }
      return next(args);
    },
    { step: "build", name: "sendExpiresAsGiven" },
  );
}

/** Lets less be on its way to a bucket that is asked too much. */
function sendLessWhenThrottled(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        const { Bucket } = args.input as { Bucket?: string };
        if (Bucket !== undefined && isThrottled(error)) throttledBy(Bucket);
        throw error;
      }
    },
    // Inside the SDK's retries.
    { step: "finalizeRequest", priority: "low", name: "sendLessWhenThrottled" },
  );
}

const UPLOADS: ReadonlySet<string> = new Set(["PutObjectCommand", "UploadPartCommand"]);
