import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../../../provider/flow/bandwidth.ts";

/** A clock that advances only while all tasks sleep: to the end of the shortest sleep. */
export class VirtualClock implements Clock {
  #now = 0;
  readonly #sleepers: { readonly until: number; wake(): void }[] = [];
  #isRunning = false;

  now(): number {
    return this.#now;
  }

  async sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      this.#sleepers.push({ until: this.#now + milliseconds, wake: resolve });
      if (!this.#isRunning) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (;;) {
      // A woken task may sleep again first.
      await turn();
      this.#sleepers.sort((one, other) => one.until - other.until);
      const next = this.#sleepers.shift();
      if (next === undefined) break;
      this.#now = Math.max(this.#now, next.until);
      next.wake();
    }
    this.#isRunning = false;
  }
}
