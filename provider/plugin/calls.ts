import { AsyncLocalStorage } from "node:async_hooks";
import { CallAborted } from "./status.ts";

/**
 * The running calls. If the engine cancels or disappears, all are aborted; if a timeout ends, only its call. An aborted
 * handler completes work that must not be left incomplete, then throws.
 */
export class RunningCalls {
  readonly #controllers = new Set<AbortController>();
  readonly #failures = new Map<AbortController, (error: Error) => void>();
  readonly #separate = new AsyncLocalStorage<AbortController>();
  #idle: (() => void)[] = [];
  #cancelled: CallAborted | undefined;

  get count(): number {
    return this.#controllers.size;
  }

  /**
   * Runs a call under an abort signal.
   * @param timeoutSeconds 0: no limit
   * @param isSeparate whether an unexpected error of this call leaves the other calls intact
   * @throws CallAborted in place of an abort error of the call
   */
  async run<T>(
    timeoutSeconds: number,
    work: (signal: AbortSignal) => Promise<T>,
    isSeparate = false,
  ): Promise<T> {
    const controller = new AbortController();
    const timer =
      timeoutSeconds > 0
        ? setTimeout(
            () => controller.abort(new CallAborted(`not finished within its timeout of ${timeoutSeconds} s`)),
            Math.min(timeoutSeconds * 1000, MAX_TIMER_MS),
          )
        : undefined;
    this.#controllers.add(controller);
    if (this.#cancelled) controller.abort(this.#cancelled);
    try {
      const unexpected = new Promise<never>((_, reject) => this.#failures.set(controller, reject));
      const start = () => work(controller.signal);
      const result = isSeparate ? this.#separate.run(controller, start) : start();
      return await Promise.race([result, unexpected]);
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

  /** Aborts every running call, and each later one at its start. */
  cancelAll(reason: string): void {
    this.#cancelled ??= new CallAborted(reason);
    for (const controller of this.#controllers) controller.abort(this.#cancelled);
  }

  /** Aborts the call with this signal, because its caller no longer waits for it. */
  cancel(signal: AbortSignal): void {
    for (const controller of this.#controllers) {
      if (controller.signal === signal) controller.abort(new CallAborted("cancelled"));
    }
  }

  /** Allows calls after {@link cancelAll}, when another engine attaches to this process. */
  reopen(): void {
    this.#cancelled = undefined;
  }

  /**
   * Handles an error that no code caught. An error from a separate call fails that call, if it still runs. Any other
   * error fails every running call, because each may depend on the code that failed.
   */
  fail(error: Error): void {
    const owner = this.#separate.getStore();
    const failed = owner === undefined ? [...this.#failures.values()] : [this.#failures.get(owner)];
    for (const reject of failed) reject?.(error);
  }

  /** Waits until no call is running, at most `milliseconds`. @returns whether none is running */
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

/** The errors of Node, the SDK and `signal.throwIfAborted()` after an abort. */
function isAbortError(error: unknown): boolean {
  return (
    error instanceof CallAborted ||
    (error instanceof Error && ["AbortError", "TimeoutError"].includes(error.name))
  );
}
