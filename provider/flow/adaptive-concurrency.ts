import { KIB } from "../../staging/units.ts";

export interface ConcurrencyRange {
  /** Requests in flight at the start: enough for a nearby server, few enough for a slow network. */
  readonly initial: number;
  readonly max: number;
}

/** The share of the time since the previous call during which the process was busy, from 0 to 1. */
export type Utilization = () => number;

/** The cost of a request apart from its body, in bytes, so that small files and large parts are comparable. */
const REQUEST_BYTES = 256 * KIB;

/** After a change, throughput says nothing for this time: new connections open, and bytes only fill buffers. */
const SETTLE_MS = 500;
const MEASURE_MS = 1_000;
/** With fast responses, this time and 3 × limit responses replace the times above: 1 × limit to settle, 2 × limit to measure. */
const MIN_MEASURE_MS = 100;
/** A doubled limit must bring this share of the gain that the process has time for. Otherwise requests only share the bandwidth. */
const MIN_GAIN_SHARE = 0.4;
/** If this share of samples finds the queue empty, do not raise the limit: it would change nothing. */
const MAX_IDLE_SHARE = 0.25;
/** Do not raise the limit while the process is busy for more than this share of its time: requests cost memory, and a gain comes from the compiler. */
const MAX_UTILIZATION = 0.5;
/** The same for a distant server: the process is idle between responses, and more requests use that time. */
const MAX_UTILIZATION_FAR = 0.8;
/** A server is distant if its fastest small request takes this long; one in the same region is faster. */
const FAR_MS = 20;
/** After this time without any data, earlier measurements are obsolete. */
const QUIET_MS = 2_000;
/** After a doubling that brought too little, try again after this time: the network may have changed. */
const RETRY_AFTER_MS = 30_000;
/** The lower bound: no server throttles this few requests. */
const MIN_LIMIT = 4;
/** Throttled responses within this time after a halving belong to requests that were in flight before it. */
const HALVING_INTERVAL_MS = 1_000;
/** Do not raise the limit for this time after a throttled response. */
const CALM_MS = 10_000;
/** Do not raise the limit if the data in flight would take longer than this to send: an interruption loses them. */
const MAX_IN_FLIGHT_SECONDS = 120;

/**
 * Adapts the number of requests in flight to the measured throughput. It doubles the limit while that raises the throughput, and otherwise
 * returns to half. One connection carries 10 to 100 MB/s and a small request waits for its response, so a fast network needs many
 * requests in flight; on a slow one, more requests only slow each other.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance-guidelines.html
 */
export class AdaptiveConcurrency {
  readonly #max: number;
  readonly #utilization: Utilization;
  #limit: number;
  /** Time of the last change of the limit, or of the last restart of the measurement. */
  #since: number | undefined;
  /** Time of the last data. */
  #last = 0;
  #measuringSince: number | undefined;
  #responses = 0;
  #work = 0;
  #bytes = 0;
  #bytesInFlight = 0;
  #samples = 0;
  /** Samples that found the queue empty. */
  #idleSamples = 0;
  /** Milliseconds of the fastest small request in this measurement. */
  #fastest = Number.POSITIVE_INFINITY;
  /** Work per second that a doubled limit must reach, while the doubling is measured. */
  #goal: number | undefined;
  #notBefore = Number.NEGATIVE_INFINITY;
  #throttledAt = Number.NEGATIVE_INFINITY;

  constructor({ initial, max }: ConcurrencyRange, utilization: Utilization) {
    this.#limit = initial;
    this.#max = max;
    this.#utilization = utilization;
  }

  get limit(): number {
    return this.#limit;
  }

  /** Call it when a request starts. @param bytes of its body */
  started(bytes: number): void {
    this.#bytesInFlight += bytes;
  }

  /**
   * Call it when bytes of a request's body have been sent.
   * @param hasQueue whether another request waits
   * @param now milliseconds of a monotonic clock
   */
  sent(bytes: number, hasQueue: boolean, now: number): void {
    this.#bytes += bytes;
    this.#record(bytes, hasQueue, now);
  }

  /** Call it when a request ends. @param bytes of its body @param milliseconds its duration */
  finished(bytes: number, hasQueue: boolean, now: number, milliseconds: number): void {
    this.#responses += 1;
    if (bytes <= REQUEST_BYTES && milliseconds < this.#fastest) this.#fastest = milliseconds;
    this.#record(REQUEST_BYTES, hasQueue, now);
    this.#bytesInFlight -= bytes;
  }

  /** Call it when the server throttles a request. */
  throttled(now: number): void {
    this.#notBefore = Math.max(this.#notBefore, now + CALM_MS);
    if (now - this.#throttledAt < HALVING_INTERVAL_MS) return;
    this.#throttledAt = now;
    this.#limit = Math.max(MIN_LIMIT, this.#limit / 2);
    this.#goal = undefined;
    this.#since = now;
    this.#restart(undefined);
  }

  #record(work: number, hasQueue: boolean, now: number): void {
    if (this.#since === undefined || now - this.#last > QUIET_MS) {
      this.#since = now;
      this.#goal = undefined;
      this.#restart(undefined);
    }
    this.#last = now;
    this.#work += work;
    this.#samples += 1;
    if (!hasQueue) this.#idleSamples += 1;
    this.#decide(now);
  }

  #decide(now: number): void {
    const since = this.#since ?? now;
    if (this.#measuringSince === undefined) {
      if (now - since < SETTLE_MS && this.#responses < this.#limit) return;
      this.#utilization(); // starts its measurement
      this.#restart(now);
      return;
    }
    const measured = now - this.#measuringSince;
    const isEnough = measured >= MIN_MEASURE_MS && this.#responses >= 2 * this.#limit;
    if (measured < MEASURE_MS && !isEnough) return;
    this.#choose(measured / 1000, now);
    this.#since = now;
    this.#restart(undefined);
  }

  #restart(measuringSince: number | undefined): void {
    this.#measuringSince = measuringSince;
    [this.#responses, this.#work, this.#bytes, this.#samples, this.#idleSamples] = [0, 0, 0, 0, 0];
    this.#fastest = Number.POSITIVE_INFINITY;
  }

  #choose(seconds: number, now: number): void {
    const rate = this.#work / seconds;
    const goal = this.#goal;
    this.#goal = undefined;
    if (this.#idleSamples > MAX_IDLE_SHARE * this.#samples) return;
    if (goal !== undefined && rate < goal) {
      this.#limit /= 2;
      this.#notBefore = now + RETRY_AFTER_MS;
    } else if (now >= this.#notBefore && this.#mayDouble(seconds)) {
      const utilization = this.#utilization();
      const isFar = this.#fastest >= FAR_MS && this.#fastest < Number.POSITIVE_INFINITY;
      if (utilization > (isFar ? MAX_UTILIZATION_FAR : MAX_UTILIZATION)) return;
      const possible = Math.min(2, 1 / utilization);
      this.#goal = rate * (1 + MIN_GAIN_SHARE * (possible - 1));
      this.#limit *= 2;
    }
  }

  #mayDouble(seconds: number): boolean {
    if (2 * this.#limit > this.#max) return false;
    // Server-side copies send no bytes from here.
    return 2 * this.#bytesInFlight * seconds <= MAX_IN_FLIGHT_SECONDS * this.#bytes;
  }
}
