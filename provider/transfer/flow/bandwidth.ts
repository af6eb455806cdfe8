import { setTimeout as sleep } from "node:timers/promises";
import { KIB } from "../../../staging/units.ts";
import { InFlight } from "./in-flight.ts";

/** Times in milliseconds. Tests give their own. */
export interface Clock {
  now(): number;
  /** @throws the signal's reason when it is aborted before */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

const REAL_CLOCK: Clock = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
};

/** Milliseconds of silence that are made up for at most: no burst is longer at the full rate. */
const BURST_MS = 50;
/** Timers are no more exact. */
const SHORTEST_SLEEP_MS = 2;

/** Bytes that go to a connection at once: a share of a second's, so that the flow is even. */
const SLICES_PER_SECOND = 32;
const SMALLEST_SLICE = 64;
const LARGEST_SLICE = 64 * KIB;

/**
 * Milliseconds in which each body that is under way gets a slice. S3 gives up a connection that is silent for 20 s, and this
 * program does after the stall timeout.
 */
const ROUND_MS = 500;

/** Milliseconds' worth of bodies under way: an interruption loses them, and too few would leave pauses between two. */
const UNDER_WAY_MS = 4_000;

/** Milliseconds for which a connection may be silent under a limit, whatever the user's time-out is. */
export const SHORTEST_STALL_MS = 10_000;

/** Bytes that are read by one request: those of a second, within these. */
const SMALLEST_READ = 4 * KIB;

/**
 * A token bucket: the bytes sent and read through it together stay below a rate. Each sender reserves a time slot and sleeps
 * until then, so no sender polls, and the order of requests is kept.
 */
export class Bandwidth {
  /** Bytes to write at once. */
  readonly slice: number;
  /** Bodies of requests that are under way from files, and from memory: with more, a connection would be silent for too long. */
  readonly files: InFlight;
  readonly buffers: InFlight;
  readonly #bytesPerSecond: number;
  readonly #clock: Clock;
  /** When all that was taken has been sent, at the full rate. */
  #freeAt = Number.NEGATIVE_INFINITY;

  constructor(bytesPerSecond: number, clock = REAL_CLOCK) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#clock = clock;
    const even = Math.floor(bytesPerSecond / SLICES_PER_SECOND);
    this.slice = Math.min(LARGEST_SLICE, Math.max(SMALLEST_SLICE, even));
    const bodies = Math.max(1, Math.floor((bytesPerSecond * ROUND_MS) / 1000 / this.slice));
    const bytes = (bytesPerSecond * UNDER_WAY_MS) / 1000;
    this.files = new InFlight({ bodies, bytes });
    this.buffers = new InFlight({ bodies, bytes });
  }

  /** Bytes to read by one request, of `most` at most. */
  readSize(most: number): number {
    return Math.min(most, Math.max(SMALLEST_READ, this.#bytesPerSecond));
  }

  /**
   * Waits until so many bytes may go.
   * @throws the signal's reason when it is aborted before
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
      this.#freeAt -= lasts; // for those who ask from now on
      signal.throwIfAborted();
      throw error;
    }
  }

  /**
   * The bytes of a body in slices, each at its time. A slice is a copy: who takes it may keep it for longer than the body keeps
   * its bytes.
   * @throws the signal's reason
   */
  async *paced(
    pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer, void, void> {
    for await (const piece of pieces) {
      for (let at = 0; at < piece.length; at += this.slice) {
        const slice = Buffer.from(piece.subarray(at, at + this.slice));
        await this.take(slice.length, signal);
        yield slice;
      }
    }
  }
}

const shared = new Map<number, Bandwidth>();

/** The limit of a rate: one for the whole process, so that everything that names the rate shares it. */
export function bandwidthOf(bytesPerSecond: number): Bandwidth {
  const found = shared.get(bytesPerSecond) ?? new Bandwidth(bytesPerSecond);
  shared.set(bytesPerSecond, found);
  return found;
}
