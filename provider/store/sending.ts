import { DEFAULT_TIMEOUT_SECONDS } from "../../staging/timeout.ts";
import { type Bandwidth, SHORTEST_STALL_MS } from "../flow/bandwidth.ts";
import { type S3Clients, s3Clients } from "./s3-clients.ts";
import { withOwnerFlags } from "./sdk-client.ts";
import { stallTimeoutFor } from "./stall-timeout.ts";

/** The limits of requests, and the receiver of their retries. */
interface SendPolicy {
  /** Seconds that a request may take without a response from S3, retries included. */
  readonly timeoutSeconds?: number | undefined;
  /** The limit of bytes per second for all bodies together. */
  readonly bandwidth?: Bandwidth | undefined;
  /** Called when a request has failed and been retried for some seconds. */
  onTrouble?(region: string, reason: string): void;
}

/** The same clients, with a time limit and a bandwidth limit. */
export function clientsWith(clients: S3Clients, policy: SendPolicy): S3Clients {
  const { timeoutSeconds = DEFAULT_TIMEOUT_SECONDS, bandwidth } = policy;
  // While bytes wait for bandwidth, a silent connection has not stalled.
  const stallMs = Math.max(stallTimeoutFor(timeoutSeconds), bandwidth === undefined ? 0 : SHORTEST_STALL_MS);
  return s3Clients(
    (region) => {
      const regional = clients.at(region, stallMs);
      const deadline = { timeoutMs: timeoutSeconds * 1000, stallMs };
      const onTrouble = (reason: string) => policy.onTrouble?.(region, reason);
      return { ...regional, retries: { ...regional.retries, region, deadline, onTrouble }, bandwidth };
    },
    { anyOwner: clients.anyOwner ?? false },
  );
}

/** The same clients, for sources that the user named: requests omit the expected owner. */
export const clientsOfAnyOwner = (clients: S3Clients): S3Clients =>
  s3Clients(
    (region, stallTimeoutMs) => {
      const { client, ...rest } = clients.at(region, stallTimeoutMs);
      return {
        ...rest,
        client: {
          send: (command, options) => client.send(withOwnerFlags(command, { toAnyOwner: true }), options),
        },
        anyOwner: true,
      };
    },
    { anyOwner: true },
  );
