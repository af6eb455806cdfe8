import { causesOf } from "../../../connection/failure.ts";
import {
  errorName,
  isBrokenOff,
  isNotReached,
  isStall,
  isThrottled,
  statusOf,
  troubleOf,
} from "../../../provider/store/aws-failure.ts";

const THROTTLED: ReadonlySet<string> = new Set([
  "ThrottlingException",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
]);

/** Longer than a restart of the local cloud, or a change of networks, takes. */
const MAX_OUTAGE_MS = 10 * 60_000;

/** Tolerates transient errors of a loop that polls AWS, for ten minutes without an answer. */
export class Outage {
  readonly #steady: () => number;
  #answeredAt: number;

  /** @param steady milliseconds on a clock that does not jump */
  constructor(steady: () => number) {
    this.#steady = steady;
    this.#answeredAt = steady();
  }

  /** A request succeeded: the outage is over. */
  end(): void {
    this.#answeredAt = this.#steady();
  }

  /** @returns what is wrong, such as `no answer`. @throws `error` if it is not transient, or the outage is too long */
  tolerate(error: unknown): string {
    const reason = transientReason(error);
    if (reason === undefined || this.#steady() - this.#answeredAt > MAX_OUTAGE_MS) throw error;
    return reason;
  }
}

/** Undefined for an error that a retry does not cure. */
function transientReason(error: unknown): string | undefined {
  for (const cause of causesOf(error)) {
    if (THROTTLED.has(errorName(cause)) || isThrottled(cause)) return "AWS limits the rate of requests";
    if (isStall(cause) || isBrokenOff(cause) || isNotReached(cause) || (statusOf(cause) ?? 0) >= 500)
      return troubleOf(cause);
  }
  return undefined;
}
