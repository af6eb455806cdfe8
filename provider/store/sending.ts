import type { S3Client } from "@aws-sdk/client-s3";
import { DEFAULT_TIMEOUT_SECONDS } from "../../staging/timeout.ts";
import { type Bandwidth, SHORTEST_STALL_MS } from "../transfer/flow/bandwidth.ts";
import { type S3Clients, withStores } from "./clients.ts";
import { sendUntil, withDeadline } from "./deadline.ts";
import { paced } from "./paced-requests.ts";
import { withSettings } from "./sdk-attempts.ts";
import { stallTimeoutFor } from "./stall-timeout.ts";
import { senderOf, useSender } from "./store-of.ts";

/** The limits of requests, and the receiver of their retries. */
export interface SendPolicy {
  /** Seconds for which S3 may leave a request without an answer, retries included. */
  readonly timeoutSeconds?: number | undefined;
  /** The limit that requests with bodies keep to. */
  readonly bandwidth?: Bandwidth | undefined;
  /** Called when a request has been sent again and again for some seconds. */
  onTrouble?(region: string, reason: string): void;
}

/** Clients, and the object stores on them, whose requests last as long as the policy says: see `deadline.ts`. */
export function clientsWith(clients: Omit<S3Clients, "store">, policy: SendPolicy): S3Clients {
  const { timeoutSeconds = DEFAULT_TIMEOUT_SECONDS, bandwidth } = policy;
  // Where bytes wait for their turn, a silent connection is no stall yet.
  const stallMs = Math.max(stallTimeoutFor(timeoutSeconds), bandwidth === undefined ? 0 : SHORTEST_STALL_MS);
  const made = new Map<string, S3Client>();
  return withStores({
    ...(clients.anyOwner === true ? { anyOwner: true } : {}),
    of(region) {
      const client = made.get(region) ?? limited(clients.of(region, stallMs), region);
      made.set(region, client);
      return client;
    },
  });

  function limited(client: S3Client, region: string): S3Client {
    const onTrouble = (reason: string) => policy.onTrouble?.(region, reason);
    const deadline = { region, timeoutMs: timeoutSeconds * 1000, stallMs, onTrouble };
    const own = clientThat(client, (send, signal) =>
      sendUntil(deadline, (watch) => withSettings({ watch }, send), signal),
    );
    const sender = withDeadline(senderOf(client, region), deadline);
    useSender(own, bandwidth === undefined ? sender : paced(sender, bandwidth));
    return own;
  }
}

/** A client like another one, for requests to the settings of buckets, each of which `around` sends. */
export function clientThat(
  client: S3Client,
  around: (send: () => Promise<object>, signal: AbortSignal | undefined) => Promise<object>,
): S3Client {
  const own = Object.create(client) as S3Client;
  const send = client.send.bind(client) as (command: object, options?: object) => Promise<object>;
  const sendAround = (command: object, options: { readonly abortSignal?: AbortSignal } = {}) =>
    around(() => send(command, options), options.abortSignal);
  own.send = sendAround as S3Client["send"];
  return own;
}
