import { getSmithyContext } from "@smithy/core/client";
import { failureOf } from "../../connection/errors/failure.ts";
import { isThrottled } from "../../connection/errors/kinds.ts";
import { FileBody } from "./file-body.ts";
import { noteRegion } from "./no-answer.ts";
import { NEVER, type RequestSender } from "./operations.ts";
import { type MemoryWait, Retries, type RetryPolicy } from "./request-retries.ts";
import type { SdkClient } from "./sdk-client.ts";

/**
 * Sends a request until an attempt succeeds or the policy allows no retry.
 * @param attempt sends the request once
 * @throws the last attempt's error, with the number of attempts in its metadata; NoAnswerError after the time limit; the
 * signal's reason if it aborts during a delay
 */
async function retry<T>(
  policy: RetryPolicy,
  attempt: (isRetry: boolean) => Promise<T>,
  signal = NEVER,
  bucket?: string,
  waitOf: () => MemoryWait | undefined = () => undefined,
): Promise<T> {
  await policy.prepare?.();
  const retries = new Retries(policy);
  try {
    for (let attempts = 1; ; attempts += 1) {
      const startedAt = retries.clock.now();
      let delayMs: number | undefined;
      try {
        return await attempt(attempts > 1);
      } catch (error) {
        noteRegion(error, policy.region);
        if (bucket !== undefined && isThrottled(error)) policy.onThrottled?.(bucket);
        delayMs = signal.aborted ? undefined : retries.delayAfter(error, startedAt, waitOf());
        if (delayMs === undefined) {
          Object.assign(failureOf(error).$metadata ?? {}, { attempts });
          throw error;
        }
      }
      await retries.clock.pause(delayMs, signal);
    }
  } finally {
    retries.end();
  }
}

/** Retries the requests of a sender that makes one attempt. */
export function retryingSender(sender: RequestSender, policy: RetryPolicy): RequestSender {
  let answeredAt = Number.NEGATIVE_INFINITY;
  return {
    region: sender.region,
    async send(operation, input, options) {
      const attempt = (isRetry: boolean) => sender.send(operation, input, { ...options, isRetry });
      const body = "body" in input ? input.body : undefined;
      const waitOf = () => (body instanceof FileBody ? { endedAt: body.readyAt, answeredAt } : undefined);
      const output = await retry(policy, attempt, options.signal, input.bucket, waitOf);
      answeredAt = performance.now();
      return output;
    },
  };
}

/** Retries the commands of a client that makes one attempt. */
export const retryingClient = (client: SdkClient, policy: RetryPolicy): SdkClient => ({
  send: (command, options) =>
    retry(policy, () => client.send(command, options), options?.abortSignal, bucketOf(command.input)),
});

const bucketOf = (input: object): string | undefined =>
  "Bucket" in input && typeof input.Bucket === "string" ? input.Bucket : undefined;

/**
 * A middleware in place of the SDK's retries, for a client of any service. Inside the SDK, so that all attempts of a write have
 * one idempotency token.
 */
export const retriesInside =
  (policy: RetryPolicy) =>
  <Args, Result>(next: (args: Args) => Promise<Result>, context: Record<string, unknown>) =>
  (args: Args): Promise<Result> => {
    const { abortSignal } = getSmithyContext(context);
    const signal = abortSignal instanceof AbortSignal ? abortSignal : undefined;
    return retry(policy, () => next(args), signal);
  };

/** The place of the SDK's own middleware, which it replaces. */
export const INSIDE = {
  step: "finalizeRequest",
  priority: "high",
  name: "retryMiddleware",
  override: true,
} as const;
