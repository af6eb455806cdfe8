import { DEFAULT_TIMEOUT_SECONDS } from "../../staging/timeout.ts";

/** A connection is given up after this long without a byte, so that another one can be tried: middleboxes forget some. */
const LONGEST_STALL_MS = 90_000;
/** Connections that are tried before a request fails, even where the time-out is short. */
const LEAST_CONNECTIONS = 3;

/** Milliseconds after which one connection is given up: a whole number of them makes the request's time-out. */
export function stallTimeoutFor(timeoutSeconds: number): number {
  const timeoutMs = timeoutSeconds * 1000;
  return timeoutMs / Math.max(LEAST_CONNECTIONS, Math.ceil(timeoutMs / LONGEST_STALL_MS));
}

/** That of clients of which nobody says otherwise. */
export const DEFAULT_STALL_TIMEOUT_MS = stallTimeoutFor(DEFAULT_TIMEOUT_SECONDS);
