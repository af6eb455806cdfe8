import { headersOf, statusOf } from "../../connection/errors/failure.ts";
import { type ServerClock, serverClock } from "../../staging/server-clock.ts";

/** The part of an AWS client that is used here, of any service. */
interface Client {
  readonly config: { systemClockOffset: number };
  readonly middlewareStack: {
    addRelativeTo(
      middleware: (next: Handler, context: never) => Handler,
      options: { relation: "before"; toMiddleware: string; name: string; override: boolean },
    ): void;
  };
}

type Handler = (args: never) => Promise<{ readonly response: unknown }>;

/** Servers accept a signature for longer than that: S3 for 15 minutes, others for 5. */
const SIGNED_WELL_MS = 4 * 60_000;

/**
 * Keeps the process's clock by the answers that a client gets, and signs its requests by it.
 *
 * The SDK measures the server's time by itself, but takes every error of a machine whose clock is 4 minutes off for a consequence of
 * that, an expected 404 too, and sends the request again until it gives up. Only a refusal of a request that was signed with a wrong
 * time is one.
 */
export function followServerTime(client: object, clock: ServerClock = serverClock): void {
  const { config, middlewareStack } = client as Client;
  middlewareStack.addRelativeTo(
    (next) => async (args) => {
      const sentAt = clock.steady();
      if (clock.isKnown) config.systemClockOffset = clock.skewMs;
      const signedWith = config.systemClockOffset;
      try {
        const result = await next(args);
        clock.note(dateOf((result.response as { headers?: Headers }).headers), sentAt);
        return result;
      } catch (error) {
        clock.note(dateOf(headersOf(error)), sentAt);
        const isRefusal = [400, 401, 403].includes(statusOf(error) ?? 0);
        if (!isRefusal || Math.abs(clock.skewMs - signedWith) < SIGNED_WELL_MS) blameNoClock(error);
        throw error;
      }
    },
    // Inside the SDK's retries, and around its own measurement, which this one replaces.
    {
      relation: "before",
      toMiddleware: "httpSigningMiddleware",
      name: "followServerTime",
      override: true,
    },
  );
}

type Headers = Readonly<Record<string, string | undefined>>;

/** What a cache has kept tells an old time. */
const dateOf = (headers: Headers = {}): string | undefined =>
  headers["age"] === undefined ? headers["date"] : undefined;

function blameNoClock(error: unknown): void {
  const { $metadata } = error as { $metadata?: { clockSkewCorrected?: boolean } };
  if ($metadata?.clockSkewCorrected) $metadata.clockSkewCorrected = false;
}
