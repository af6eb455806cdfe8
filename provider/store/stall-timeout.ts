import { DEFAULT_TIMEOUT_SECONDS } from "../../staging/timeout.ts";

/** The longest stall timeout. After it, a new connection replaces the old one, whose state a network device may have lost. */
const LONGEST_STALL_MS = 90_000;
/** Connections to try before a request fails, even with a short timeout. */
const MIN_CONNECTIONS = 3;

/** Milliseconds without a byte after which a connection is replaced. The request's timeout is a whole multiple of it. */
export function stallTimeoutFor(timeoutSeconds: number): number {
  const timeoutMs = timeoutSeconds * 1000;
  return timeoutMs / Math.max(MIN_CONNECTIONS, Math.ceil(timeoutMs / LONGEST_STALL_MS));
}

/** The stall timeout of clients without a timeout of their own. */
export const DEFAULT_STALL_TIMEOUT_MS = stallTimeoutFor(DEFAULT_TIMEOUT_SECONDS);
