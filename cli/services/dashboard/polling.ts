import {
  PART_NAMES,
  type Part,
  type PartEvent,
  type PartName,
  type Parts,
  type Problem,
  UNREAD,
  type Values,
} from "../../../dashboard/snapshot.ts";

/** A value, and the problems of items that it lacks. */
export interface Read<T> {
  readonly value: T;
  readonly problems: readonly Problem[];
}

/** The reads of all parts. */
export type Readers = { readonly [Name in PartName]: () => Promise<Read<Values[Name]>> };

/** Clocks and pauses, which tests replace. */
export interface PollingDeps {
  /** The server's time. */
  readonly now: () => Date;
  /** Milliseconds on a clock that does not jump. */
  readonly steady: () => number;
  /** Rejects when `signal` is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Converts the error of a failed read for the user. */
  readonly explain: (error: unknown) => Problem;
}

/**
 * Milliseconds between two reads. A check of the data's presence needs requests for each entry and region, and the cost report scans the
 * ledger and lists the buckets.
 */
const INTERVALS: Readonly<Record<PartName, number>> = {
  transfers: 3_000,
  sweeps: 5_000,
  entries: 10_000,
  cost: 60_000,
  presence: 600_000,
};

/** The longest interval after failed reads, except for parts that are read less often anyway. */
const MAX_RETRY_INTERVAL_MS = 30_000;

type Listener = (event: PartEvent) => void;

/** Reads the parts for all open pages together. Without a page it reads nothing. */
export class Polling {
  readonly #deps: PollingDeps;
  readonly #parts: { readonly [Name in PartName]: PolledPart<Values[Name]> };
  readonly #listeners = new Set<Listener>();
  #stop = new AbortController();

  constructor(readers: Readers, deps: PollingDeps) {
    this.#deps = deps;
    const part = <Name extends PartName>(name: Name) => new PolledPart(readers[name], INTERVALS[name], deps);
    this.#parts = {
      transfers: part("transfers"),
      sweeps: part("sweeps"),
      entries: part("entries"),
      presence: part("presence"),
      cost: part("cost"),
    };
  }

  /** The last read parts. */
  get parts(): Parts {
    const { transfers, sweeps, entries, presence, cost } = this.#parts;
    return {
      transfers: transfers.state,
      sweeps: sweeps.state,
      entries: entries.state,
      presence: presence.state,
      cost: cost.state,
    };
  }

  /**
   * Adds a page. It gets each new state of a part.
   * @returns a function that removes the page
   */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#start();
    return () => {
      if (!this.#listeners.delete(listener)) return;
      if (this.#listeners.size === 0) this.#stop.abort();
    };
  }

  /** The current state of a part as an event. */
  eventOf(name: PartName): PartEvent {
    return { name, part: this.#parts[name].state, now: this.#deps.now().toISOString() };
  }

  /** Reads every part once. */
  async readOnce(): Promise<Parts> {
    await Promise.all(PART_NAMES.map((name) => this.#parts[name].read()));
    return this.parts;
  }

  #start(): void {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    for (const name of PART_NAMES) {
      void this.#parts[name].poll(signal, () => {
        const event = this.eventOf(name);
        for (const listener of this.#listeners) listener(event);
      });
    }
  }
}

class PolledPart<T> {
  readonly #reader: () => Promise<Read<T>>;
  readonly #interval: number;
  readonly #deps: PollingDeps;
  state: Part<T> = UNREAD;
  #startedAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #reading: Promise<void> | undefined;

  constructor(reader: () => Promise<Read<T>>, interval: number, deps: PollingDeps) {
    this.#reader = reader;
    this.#interval = interval;
    this.#deps = deps;
  }

  /** Reads at each interval until `signal` is aborted. Reopened pages do not shorten the interval. */
  async poll(signal: AbortSignal, onChange: () => void): Promise<void> {
    while (!signal.aborted) {
      const wait = this.#startedAt + this.#nextInterval - this.#deps.steady();
      // A read of an earlier page can still be in flight.
      if (wait > 0 && this.#reading === undefined) {
        await this.#deps.pause(wait, signal).catch(() => undefined);
        continue;
      }
      await this.read();
      if (!signal.aborted) onChange();
    }
  }

  /** Reads now, or waits for the read in flight. Never rejects. */
  read(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    this.#startedAt = this.#deps.steady();
    try {
      const { value, problems } = await this.#reader();
      this.state = { value, problems, readAt: this.#deps.now().toISOString(), error: null };
      this.#failures = 0;
    } catch (error) {
      this.state = { ...this.state, error: this.#deps.explain(error) };
      this.#failures += 1;
    }
  }

  get #nextInterval(): number {
    const longest = Math.max(this.#interval, MAX_RETRY_INTERVAL_MS);
    return Math.min(longest, this.#interval * 2 ** Math.min(this.#failures, 10));
  }
}
