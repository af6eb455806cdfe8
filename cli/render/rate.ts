/** Seconds over which a rate is smoothed: long enough to be calm, short enough to show a stall. */
const TIME_CONSTANT = 4;
/** Samples closer together than this say more about buffering than about the rate. */
const MIN_SAMPLE_MS = 100;

/**
 * A rate smoothed exponentially over time, whatever the distance of the samples, and unbiased from the first one:
 * the weight of "nothing known yet" is divided out.
 */
export class SmoothedRate {
  #done: number;
  #at: number;
  #average = 0;
  #weight = 0;

  constructor(done: number, at: number) {
    this.#done = done;
    this.#at = at;
  }

  /** Notes that `done` units were done by the time `at` (milliseconds). */
  add(done: number, at: number): void {
    const elapsed = at - this.#at;
    if (elapsed < MIN_SAMPLE_MS) return;
    const keep = Math.exp(-elapsed / 1000 / TIME_CONSTANT);
    // A retry may take units back; the rate then is zero, not negative.
    const sample = (Math.max(0, done - this.#done) / elapsed) * 1000;
    this.#average = this.#average * keep + sample * (1 - keep);
    this.#weight = this.#weight * keep + (1 - keep);
    this.#done = done;
    this.#at = at;
  }

  /** Units a second; undefined until there is a sample. */
  get perSecond(): number | undefined {
    return this.#weight === 0 ? undefined : this.#average / this.#weight;
  }
}
