/** Seconds over which a rate is smoothed: long enough to be calm, short enough to show a stall. */
const TIME_CONSTANT = 4;
/** Samples closer together measure buffering instead of the rate. */
const MIN_SAMPLE_MS = 100;

/**
 * An exponentially smoothed rate, for samples at any distance, and unbiased from the first one: the weight of the
 * unknown past is divided out.
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

  /** Records that `done` units were complete at the time `at` (milliseconds). */
  add(done: number, at: number): void {
    const elapsed = at - this.#at;
    if (elapsed < MIN_SAMPLE_MS) return;
    const keep = Math.exp(-elapsed / 1000 / TIME_CONSTANT);
    // A retry may reset units; the rate is then zero, not negative.
    const sample = (Math.max(0, done - this.#done) / elapsed) * 1000;
    this.#average = this.#average * keep + sample * (1 - keep);
    this.#weight = this.#weight * keep + (1 - keep);
    this.#done = done;
    this.#at = at;
  }

  /** Units per second; undefined without a sample. */
  get perSecond(): number | undefined {
    return this.#weight === 0 ? undefined : this.#average / this.#weight;
  }
}
