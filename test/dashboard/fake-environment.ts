import { Polling, type PollingDeps, type Read, type Readers } from "../../cli/services/dashboard/polling.ts";
import { PART_NAMES, type Part, type PartName, type Parts, type Values } from "../../dashboard/snapshot.ts";
import { UserError } from "../../staging/errors.ts";
import { NOW } from "./fake-data.ts";

/** Parts that a test changes, and a clock that it moves. */
export class FakeEnvironment {
  parts: Parts;
  /** Number of reads of each part. */
  readonly reads: Record<PartName, number> = { transfers: 0, sweeps: 0, entries: 0, presence: 0, cost: 0 };
  readonly polling: Polling;
  /** Reads end after it. */
  hold: Promise<void> = Promise.resolve();
  #steady = 0;
  readonly #pauses = new Set<{ readonly until: number; readonly end: () => void }>();
  #onPause: (() => void) | undefined;

  constructor(parts: Parts) {
    this.parts = parts;
    const reader =
      <Name extends PartName>(name: Name) =>
      async (): Promise<Read<Values[Name]>> => {
        this.reads[name] += 1;
        await this.hold;
        const { value, error, problems }: Part<Values[Name]> = this.parts[name];
        if (error !== null) throw new UserError(error.message, error);
        if (value === null) return await new Promise(() => undefined);
        return { value, problems };
      };
    const readers: Readers = {
      transfers: reader("transfers"),
      sweeps: reader("sweeps"),
      entries: reader("entries"),
      presence: reader("presence"),
      cost: reader("cost"),
    };
    this.polling = new Polling(readers, this.deps);
  }

  get deps(): PollingDeps {
    return {
      now: () => new Date(Date.parse(NOW) + this.#steady),
      steady: () => this.#steady,
      pause: (ms, signal) => this.#pause(ms, signal),
      explain: (error) => {
        const { message, why, fix } = error as UserError;
        return { message, ...(why === undefined ? {} : { why }), ...(fix === undefined ? {} : { fix }) };
      },
    };
  }

  /** Waits until `count` parts wait for their next read. */
  async idle(count: number = PART_NAMES.length): Promise<void> {
    while (this.#pauses.size !== count) {
      await new Promise<void>((resolve) => {
        this.#onPause = resolve;
      });
    }
  }

  /** Moves the clock, and ends the pauses that are over. */
  advance(ms: number): void {
    this.#steady += ms;
    for (const pause of [...this.#pauses]) if (pause.until <= this.#steady) pause.end();
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (done: () => void) => {
        this.#pauses.delete(pause);
        this.#onPause?.();
        done();
      };
      const pause = { until: this.#steady + ms, end: () => settle(resolve) };
      this.#pauses.add(pause);
      signal.addEventListener("abort", () => settle(() => reject(signal.reason)), { once: true });
      this.#onPause?.();
    });
  }
}
