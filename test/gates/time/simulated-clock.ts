interface Event {
  readonly at: number;
  readonly happen: () => void;
}

/** A clock that only tests and requests advance, and its scheduled events. */
export class SimulatedClock {
  #now: number;
  /** The milliseconds by which each request advances it. */
  tickMs = 1_000;
  readonly #events: Event[] = [];

  constructor(start: string) {
    this.#now = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#now);
  }

  /** Runs `happen` when the clock reaches `at`, or at the next advance if that has passed. */
  schedule(at: number, happen: () => void): void {
    this.#events.push({ at, happen });
  }

  /** Advances the clock, and runs due events in the order of time. Events may schedule events. */
  moveTo(time: Date | number): void {
    const end = Number(time);
    if (end < this.#now) throw new RangeError("time does not go backwards");
    for (;;) {
      const due = this.#events.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#events.splice(this.#events.indexOf(due), 1);
      this.#now = Math.max(this.#now, due.at);
      due.happen();
    }
    this.#now = end;
  }

  /** Advances the clock by the duration of a request. */
  tick(): void {
    this.move(this.tickMs);
  }

  move(ms: number): void {
    this.moveTo(this.#now + ms);
  }
}
