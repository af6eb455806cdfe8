import { causesOf } from "../../../connection/errors/failure.ts";
import { type ErrorKind, kindOf, troubleOf } from "../../../connection/errors/kinds.ts";

const TRANSIENT: ReadonlySet<ErrorKind> = new Set(["timeout", "broken", "unreachable", "server error"]);

/** Longer than a restart of the local cloud, or a change of networks, takes. */
const MAX_OUTAGE_MS = 10 * 60_000;

/** Tolerates transient errors of a polling loop, for ten minutes without a response. */
export class Outage {
  readonly #steady: () => number;
  #respondedAt: number;

  /** @param steady milliseconds on a clock that does not jump */
  constructor(steady: () => number) {
    this.#steady = steady;
    this.#respondedAt = steady();
  }

  /** A request succeeded: the outage is over. */
  end(): void {
    this.#respondedAt = this.#steady();
  }

  /** @returns the reason, such as `no answer`. @throws `error` if it is not transient, or the outage is too long */
  tolerate(error: unknown): string {
    const reason = transientReason(error);
    if (reason === undefined || this.#steady() - this.#respondedAt > MAX_OUTAGE_MS) throw error;
    return reason;
  }
}

/** Undefined for an error that a retry cannot overcome. */
function transientReason(error: unknown): string | undefined {
  for (const cause of causesOf(error)) {
    const kind = kindOf(cause);
    if (kind === "throttled") return "AWS limits the rate of requests";
    if (kind !== undefined && TRANSIENT.has(kind)) return troubleOf(cause);
  }
  return undefined;
}
