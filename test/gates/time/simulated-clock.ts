interface Event {
  readonly at: number;
  readonly happen: () => void;
}

/** A clock that only moves when a test moves it, and the events that are due on it. */
export class SimulatedClock {
  #now: number;
  /** By how many milliseconds each request moves it. */
  tickMs = 1_000;
  readonly #events: Event[] = [];

  constructor(start: string) {
    this.#now = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#now);
  }

  /** Does `happen` when the clock gets to `at`; at the next move where that has passed. */
  schedule(at: number, happen: () => void): void {
    this.#events.push({ at, happen });
  }

  /** Moves the clock, and does on the way what is due, in the order of time. Events may schedule events. */
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

  /** As a request does that takes its time. */
  tick(): void {
    this.move(this.tickMs);
  }

  move(ms: number): void {
    this.moveTo(this.#now + ms);
  }
}
