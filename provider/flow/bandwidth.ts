import { setTimeout as sleep } from "node:timers/promises";
import { KIB } from "../../staging/units.ts";
import { InFlight } from "./in-flight.ts";

/** Times in milliseconds. Tests use a virtual clock. */
export interface Clock {
  now(): number;
  /** @throws the signal's reason if the signal aborts before the end */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

const REAL_CLOCK: Clock = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
};

/** The longest burst: up to this much unused time can be used later. */
const BURST_MS = 50;
/** The precision of timers. */
const SHORTEST_SLEEP_MS = 2;

/** A body is sent in slices, each this share of the bytes of a second, so that the flow is even. */
const SLICES_PER_SECOND = 32;
const SMALLEST_SLICE = 64;
const LARGEST_SLICE = 64 * KIB;

/**
 * Each body in flight sends a slice in this time. S3 closes a connection after 20 s without data; this program does so
 * after the stall timeout.
 */
const ROUND_MS = 500;

/** Bytes in flight, as sending time: an interruption loses them, and too few leave gaps between bodies. */
const IN_FLIGHT_MS = 4_000;

/** The shortest stall timeout in milliseconds under a bandwidth limit, whatever timeout the user sets. */
export const SHORTEST_STALL_MS = 10_000;

/** The fewest bytes of one read request, which otherwise reads the bytes of one second. */
const SMALLEST_READ = 4 * KIB;

/**
 * A token bucket: the bytes sent and read through it together stay below a rate. Each sender reserves a time slot and sleeps
 * until then, so no sender polls, and the order of requests is kept.
 */
export class Bandwidth {
  /** Bytes of a slice. */
  readonly slice: number;
  /** Limits the bodies in flight, from files and from memory. With more bodies, a connection would be without data for too long. */
  readonly files: InFlight;
  readonly buffers: InFlight;
  readonly #bytesPerSecond: number;
  readonly #clock: Clock;
  /** The time at which all reserved bytes have been sent. */
  #freeAt = Number.NEGATIVE_INFINITY;

  constructor(bytesPerSecond: number, clock = REAL_CLOCK) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#clock = clock;
    const even = Math.floor(bytesPerSecond / SLICES_PER_SECOND);
    this.slice = Math.min(LARGEST_SLICE, Math.max(SMALLEST_SLICE, even));
    const bodies = Math.max(1, Math.floor((bytesPerSecond * ROUND_MS) / 1000 / this.slice));
    const bytes = (bytesPerSecond * IN_FLIGHT_MS) / 1000;
    this.files = new InFlight({ bodies, bytes });
    this.buffers = new InFlight({ bodies, bytes });
  }

  /** Bytes to read with one request, at most `max`. */
  readSize(max: number): number {
    return Math.min(max, Math.max(SMALLEST_READ, this.#bytesPerSecond));
  }

  /**
   * Waits until the bytes may be sent.
   * @throws the signal's reason if the signal aborts before that
   */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const now = this.#clock.now();
    const startsAt = Math.max(now - BURST_MS, this.#freeAt);
    const lasts = (bytes / this.#bytesPerSecond) * 1000;
    this.#freeAt = startsAt + lasts;
    if (startsAt - now < SHORTEST_SLEEP_MS) return;
    try {
      await this.#clock.sleep(startsAt - now, signal);
    } catch (error) {
      this.#freeAt -= lasts; // for later calls
      signal.throwIfAborted();
      throw error;
    }
  }

  /**
   * The bytes of a body as slices, each when it may be sent. A slice is a copy, so the receiver may keep it after the body's buffer is reused.
   * @throws the signal's reason
   */
  async *paced(
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer, void, void> {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += this.slice) {
        const slice = Buffer.from(chunk.subarray(at, at + this.slice));
        await this.take(slice.length, signal);
        yield slice;
      }
    }
  }
}
