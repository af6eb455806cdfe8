import { causesOf } from "../../../connection/failure.ts";
import {
  errorName,
  isBrokenOff,
  isNotReached,
  isStall,
  isThrottled,
  statusOf,
  troubleOf,
} from "../../../provider/transfer/aws-failure.ts";

const THROTTLED = new Set([
  "ThrottlingException",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
]);

/** What a request met with that may pass, in a few words; undefined for what stays as it is. */
export function passing(error: unknown): string | undefined {
  for (const cause of causesOf(error)) {
    if (THROTTLED.has(errorName(cause)) || isThrottled(cause)) return "AWS limits the rate of requests";
    if (isStall(cause) || isBrokenOff(cause) || isNotReached(cause) || (statusOf(cause) ?? 0) >= 500)
      return troubleOf(cause);
  }
  return undefined;
}
