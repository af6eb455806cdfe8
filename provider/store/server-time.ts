import { headersOf, statusOf } from "../../connection/errors/failure.ts";
import { type ServerClock, serverClock } from "../../staging/server-clock.ts";

/** The members of an AWS client, of any service, that are used here. */
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

/** Servers accept a larger clock error in a signature: S3 15 minutes, other services 5. */
const ACCEPTED_SKEW_MS = 4 * 60_000;

/**
 * Sets the process's clock by the responses that a client receives, and signs its requests by that clock.
 *
 * The SDK also measures the server's time. But if the machine's clock is 4 minutes off, the SDK blames the clock for
 * every error, even an expected 404, and retries until its attempts are used up. Only the rejection of a request that
 * was signed with a wrong time is the clock's fault.
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
        if (!isRefusal || Math.abs(clock.skewMs - signedWith) < ACCEPTED_SKEW_MS) clearSkewFlag(error);
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

/** A response from a cache has an old date. */
const dateOf = (headers: Headers = {}): string | undefined =>
  headers["age"] === undefined ? headers["date"] : undefined;

function clearSkewFlag(error: unknown): void {
  const { $metadata } = error as { $metadata?: { clockSkewCorrected?: boolean } };
  if ($metadata?.clockSkewCorrected) $metadata.clockSkewCorrected = false;
}
