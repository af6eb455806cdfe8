import { CallAborted } from "./status.ts";

/** What one running call is given. */
export interface CallScope {
  readonly signal: AbortSignal;
}

/**
 * The calls that are running, so that they can be stopped: all of them when the engine cancels or goes away, one when
 * its time is over. Stopping is asking: a handler that is asked finishes what must not be left half done, and throws.
 */
export class RunningCalls {
  readonly #controllers = new Set<AbortController>();
  readonly #failures = new Map<AbortController, (error: Error) => void>();
  #idle: (() => void)[] = [];
  #cancelled: CallAborted | undefined;

  get count(): number {
    return this.#controllers.size;
  }

  /**
   * Runs a call under an abort signal.
   * @param timeoutSeconds 0: no limit
   * @throws CallAborted in place of whatever an aborted call throws, unless that says more than "aborted"
   */
  async run<T>(timeoutSeconds: number, work: (scope: CallScope) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const timer =
      timeoutSeconds > 0
        ? setTimeout(
            () =>
              controller.abort(
                new CallAborted(`not finished within the ${timeoutSeconds} s that it was given`),
              ),
            Math.min(timeoutSeconds * 1000, MAX_TIMER_MS),
          )
        : undefined;
    this.#controllers.add(controller);
    if (this.#cancelled) controller.abort(this.#cancelled);
    try {
      const unexpected = new Promise<never>((_, reject) => this.#failures.set(controller, reject));
      return await Promise.race([work({ signal: controller.signal }), unexpected]);
    } catch (error) {
      const reason: unknown = controller.signal.reason;
      if (controller.signal.aborted && isAbortError(error) && reason instanceof CallAborted) throw reason;
      throw error;
    } finally {
      clearTimeout(timer);
      this.#controllers.delete(controller);
      this.#failures.delete(controller);
      if (this.count === 0) for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  /** Aborts every running call, and every later one at its start. */
  cancelAll(reason: string): void {
    this.#cancelled ??= new CallAborted(reason);
    for (const controller of this.#controllers) controller.abort(this.#cancelled);
  }

  /** Aborts the one call that has this signal: its caller doesn't wait for it any more. */
  cancel(signal: AbortSignal): void {
    for (const controller of this.#controllers) {
      if (controller.signal === signal) controller.abort(new CallAborted("cancelled"));
    }
  }

  /** Lets calls run again after {@link cancelAll}: another engine attached to this process. */
  reopen(): void {
    this.#cancelled = undefined;
  }

  /** Fails every running call at once: after an exception that nobody caught, none can be trusted to end. */
  failAll(error: Error): void {
    for (const reject of this.#failures.values()) reject(error);
  }

  /** Resolves when no call is running, after `milliseconds` at the latest; says whether none is. */
  async settled(milliseconds: number): Promise<boolean> {
    if (this.count === 0) return true;
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), milliseconds);
      this.#idle.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }
}

/** setTimeout's limit: a longer delay would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What Node, the SDK and `signal.throwIfAborted()` throw on an abort. */
function isAbortError(error: unknown): boolean {
  return (
    error instanceof CallAborted ||
    (error instanceof Error && ["AbortError", "TimeoutError"].includes(error.name))
  );
}
