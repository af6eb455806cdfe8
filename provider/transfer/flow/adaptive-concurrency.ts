import { KIB } from "../../../staging/units.ts";

export interface PaceLimits {
  /** Requests that may be on their way at first: enough for a server nearby, few enough for a slow network. */
  readonly first: number;
  readonly most: number;
}

/** Tells what part of the time since it was asked last the process was busy, from 0 to 1. */
export type Utilization = () => number;

/** What a request costs beside its bytes, told in bytes, so that small files and large parts can be compared. */
const REQUEST_BYTES = 256 * KIB;

/** What comes at first after a change tells nothing: new connections are opened, and bytes only fill buffers. */
const SETTLE_MS = 500;
const MEASURE_MS = 1_000;
/** Where answers come quickly, less time will do: so many of them as may be on their way to settle, twice as many to measure. */
const LEAST_MEASURE_MS = 100;
/** Twice as many requests must bring so much more, or they only share what there is. */
const WORTH = 1.4;
/** Where nobody waits at so many of the moments at which something goes, more requests would change nothing. */
const ROOM = 0.25;
/** A process that is busy for more of its time has none for more requests; what its code gains by being compiled is not their doing. */
const BUSY = 0.5;
/** Milliseconds in which nothing went after which there was nothing to send: what was measured before says nothing. */
const QUIET_MS = 2_000;
/** Milliseconds until more requests are tried again: the network may have changed. */
const AGAIN_MS = 30_000;
/** So few requests are no burden to any server. */
const LEAST = 4;
/** What comes back so many milliseconds after a halving was on its way before it. */
const HALVED_AGAIN_MS = 1_000;
/** Milliseconds without an answer that there is too much until more requests are tried again. */
const CALM_MS = 10_000;
/** Seconds of sending that more requests may put on their way: half of it is what an interruption costs. */
const MOST_SECONDS_ON_THE_WAY = 120;

/**
 * How many requests to have on their way, found out by measuring: twice as many as long as that brings more a second, back to half
 * where it does not. A connection carries some 10 to 100 MB/s, and a small request waits for its answer, so what a network gives is
 * reached by many; where they share a slow one, each more only makes the others slower.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance-guidelines.html
 */
export class Pace {
  readonly #most: number;
  readonly #utilization: Utilization;
  #limit: number;
  /** When the present limit came, or measuring began anew. */
  #since: number | undefined;
  /** When something went last. */
  #last = 0;
  #measuringSince: number | undefined;
  #answers = 0;
  #work = 0;
  #bytes = 0;
  /** Of the requests that are on their way. */
  #onTheWay = 0;
  /** Moments at which something went, and those of them at which no other request waited. */
  #moments = 0;
  #roomy = 0;
  /** What was done a second before the limit was doubled, while that is tried. */
  #before: number | undefined;
  #notBefore = Number.NEGATIVE_INFINITY;
  #throttledAt = Number.NEGATIVE_INFINITY;

  constructor({ first, most }: PaceLimits, utilization: Utilization) {
    this.#limit = first;
    this.#most = most;
    this.#utilization = utilization;
  }

  get limit(): number {
    return this.#limit;
  }

  /** A request with so many bytes begins. */
  began(bytes: number): void {
    this.#onTheWay += bytes;
  }

  /**
   * So many bytes of one have gone.
   * @param isWaitedFor whether another request waits for its place
   * @param now milliseconds, of a clock that does not jump
   */
  sent(bytes: number, isWaitedFor: boolean, now: number): void {
    this.#bytes += bytes;
    this.#note(bytes, isWaitedFor, now);
  }

  /** A request with so many bytes ended. */
  ended(bytes: number, isWaitedFor: boolean, now: number): void {
    this.#answers += 1;
    this.#note(REQUEST_BYTES, isWaitedFor, now);
    this.#onTheWay -= bytes;
  }

  /** The server answered that there is too much. */
  throttled(now: number): void {
    this.#notBefore = Math.max(this.#notBefore, now + CALM_MS);
    if (now - this.#throttledAt < HALVED_AGAIN_MS) return;
    this.#throttledAt = now;
    this.#limit = Math.max(LEAST, this.#limit / 2);
    this.#before = undefined;
    this.#since = now;
    this.#begin(undefined);
  }

  #note(work: number, isWaitedFor: boolean, now: number): void {
    if (this.#since === undefined || now - this.#last > QUIET_MS) {
      this.#since = now;
      this.#before = undefined;
      this.#begin(undefined);
    }
    this.#last = now;
    this.#work += work;
    this.#moments += 1;
    if (!isWaitedFor) this.#roomy += 1;
    this.#decide(now);
  }

  #decide(now: number): void {
    const since = this.#since ?? now;
    if (this.#measuringSince === undefined) {
      if (now - since < SETTLE_MS && this.#answers < this.#limit) return;
      this.#utilization(); // measured from now on
      this.#begin(now);
      return;
    }
    const measured = now - this.#measuringSince;
    const isEnough = measured >= LEAST_MEASURE_MS && this.#answers >= 2 * this.#limit;
    if (measured < MEASURE_MS && !isEnough) return;
    this.#choose(measured / 1000, now);
    this.#since = now;
    this.#begin(undefined);
  }

  #begin(measuringSince: number | undefined): void {
    this.#measuringSince = measuringSince;
    [this.#answers, this.#work, this.#bytes, this.#moments, this.#roomy] = [0, 0, 0, 0, 0];
  }

  #choose(seconds: number, now: number): void {
    const rate = this.#work / seconds;
    const before = this.#before;
    this.#before = undefined;
    if (this.#roomy > ROOM * this.#moments) return;
    if (before !== undefined && rate < WORTH * before) {
      this.#limit /= 2;
      this.#notBefore = now + AGAIN_MS;
    } else if (now >= this.#notBefore && this.#mayDouble(seconds)) {
      this.#before = rate;
      this.#limit *= 2;
    }
  }

  #mayDouble(seconds: number): boolean {
    if (2 * this.#limit > this.#most || this.#utilization() > BUSY) return false;
    // Copies have no bytes on their way from here.
    return 2 * this.#onTheWay * seconds <= MOST_SECONDS_ON_THE_WAY * this.#bytes;
  }
}
