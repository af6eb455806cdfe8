import { NEVER } from "./never.ts";
import { noteRegion } from "./no-answer.ts";
import type { RequestSender } from "./operations.ts";
import { type AttemptWatch, RequestWatch } from "./request-watch.ts";
import { pause } from "./retry.ts";

/** The time limit of a request, and the receiver of its retries. */
export interface Deadline {
  readonly region: string;
  /** Milliseconds for which S3 may leave a request without an answer, retries included. */
  readonly timeoutMs: number;
  /** Milliseconds after which one attempt is given up on whose connection nothing moves. */
  readonly stallMs: number;
  /** Called when a request has been sent again and again for some seconds. */
  onTrouble(reason: string): void;
}

/** Milliseconds before a request is sent once more that the SDK has given up. */
const AGAIN_AFTER_MS = 500;

/**
 * Fails a request that gets no answer from S3 within the time limit, even if the SDK would retry. Retries a request within the limit, even if
 * the SDK has used up its attempts. The SDK handles every answer of S3, errors too.
 * @throws NoAnswerError when the time is over
 */
export function withDeadline(next: RequestSender, deadline: Deadline): RequestSender {
  return {
    region: next.region,
    bandwidth: next.bandwidth,
    send: (operation, input, options) =>
      sendUntil(deadline, (watch) => next.send(operation, input, { ...options, watch }), options.signal),
  };
}

/** Sends a request by `send`, again and again where nothing answers. */
export async function sendUntil<T>(
  deadline: Deadline,
  send: (watch: AttemptWatch) => Promise<T>,
  signal: AbortSignal = NEVER,
): Promise<T> {
  const watch = new RequestWatch(deadline);
  try {
    for (let sends = 1; ; sends += 1) {
      try {
        return await send(watch);
      } catch (error) {
        noteRegion(error, deadline.region);
        if (signal.aborted || !watch.isWorthAnother(error)) throw countedFrom(error, sends);
      }
      await pause(AGAIN_AFTER_MS * (0.5 + Math.random() / 2), signal);
    }
  } finally {
    watch.end();
  }
}

/** The error, which tells that the request was sent before: its answer may have been lost. */
function countedFrom(error: unknown, sends: number): unknown {
  const { $metadata } = error as { $metadata?: { attempts?: number } };
  if (sends > 1 && $metadata !== undefined) $metadata.attempts = ($metadata.attempts ?? 1) + sends - 1;
  return error;
}
