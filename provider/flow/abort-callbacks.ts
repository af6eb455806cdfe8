interface Registered {
  readonly callbacks: Set<() => void>;
  run(): void;
}

/**
 * Callbacks for aborts, with one listener for each signal: to add and remove a listener for each of many requests takes ten times as
 * much CPU time.
 */
export class AbortCallbacks {
  readonly #bySignal = new Map<AbortSignal, Registered>();

  /** @param signal not yet aborted */
  add(signal: AbortSignal, callback: () => void): void {
    const known = this.#bySignal.get(signal);
    if (known !== undefined) {
      known.callbacks.add(callback);
      return;
    }
    const callbacks = new Set([callback]);
    const run = (): void => {
      // A callback may delete others.
      for (const each of callbacks) each();
      this.#bySignal.delete(signal);
    };
    this.#bySignal.set(signal, { callbacks, run });
    signal.addEventListener("abort", run, { once: true });
  }

  delete(signal: AbortSignal, callback: () => void): void {
    const known = this.#bySignal.get(signal);
    if (known === undefined || !known.callbacks.delete(callback) || known.callbacks.size > 0) return;
    this.#bySignal.delete(signal);
    signal.removeEventListener("abort", known.run);
  }
}
