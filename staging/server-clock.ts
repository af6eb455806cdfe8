import { UserError } from "./errors.ts";

/** Maximum difference between this machine's clock and the server's, in milliseconds, for a cleanup by time. */
const MAX_SKEW_MS = 5 * 60_000;

/** A slow response has the time of its beginning or its end, because S3 may send the headers early. */
const PROMPT_MS = 5_000;
/** Responses of several servers, in whole seconds, differ by less. */
const SAME_MS = 60_000;

/** This machine's clocks; tests inject their own. */
export interface LocalClocks {
  /** The time of day, in milliseconds since 1970; it may be wrong, and may jump. */
  wall(): number;
  /** Milliseconds on a clock that does not jump. */
  steady(): number;
}

const LOCAL: LocalClocks = { wall: () => Date.now(), steady: () => performance.now() };

/**
 * The time of the server that stores the data, from the `Date` header of its responses. Code that deletes, refuses or
 * records by time uses it, because a machine's own clock may be wrong by hours or years.
 * https://www.rfc-editor.org/rfc/rfc9110#name-date
 */
export class ServerClock {
  readonly #local: LocalClocks;
  /** The offset from the steady clock. */
  #offset: number | undefined;

  constructor(local: LocalClocks = LOCAL) {
    this.#local = local;
  }

  /** The steady clock, for {@link note}. */
  steady(): number {
    return this.#local.steady();
  }

  /** Whether a response had the server's time. */
  get isKnown(): boolean {
    return this.#offset !== undefined;
  }

  /**
   * Records a response's time.
   * @param date its `Date` header
   * @param sentAt the send time of the request, on the steady clock
   */
  note(date: string | undefined, sentAt: number): void {
    const time = date === undefined ? Number.NaN : Date.parse(date);
    if (Number.isNaN(time)) return;
    const now = this.#local.steady();
    const offset = time - now;
    if (this.#offset !== undefined) {
      if (now - sentAt > PROMPT_MS) return;
      // The header has whole seconds and some latency, so it is never ahead: the later of two is closer.
      if (offset < this.#offset && this.#offset - offset < SAME_MS) return;
    }
    this.#offset = offset;
  }

  /** The server's time; this machine's time until the first response of a server. */
  now(): Date {
    return new Date(this.#offset === undefined ? this.#local.wall() : this.#local.steady() + this.#offset);
  }

  /** Milliseconds by which the server is ahead of this machine's clock; 0 until it is known. */
  get skewMs(): number {
    return this.#offset === undefined ? 0 : this.now().getTime() - this.#local.wall();
  }

  /** This machine's time of day. */
  get localTime(): Date {
    return new Date(this.#local.wall());
  }
}

/** The one clock of this process. */
export const serverClock = new ServerClock();

/**
 * The time that decides which data are deleted. On a machine with a wrong clock, users would misjudge which entries
 * have expired, and commands would print misleading times. So both clocks must agree.
 * @param what the time decides, for the error
 * @throws UserError if no response had the server's time, or if this machine's clock differs by more than {@link
 * MAX_SKEW_MS}
 */
export function timeToRemoveBy(what: string, clock: ServerClock = serverClock): Date {
  if (!clock.isKnown) {
    throw new UserError(`cannot determine ${what}: the server does not send its time`, {
      why: "Its responses have no Date header. Nothing was removed.",
      fix: (_spell, command) => `To remove an entry at any time: ${command("spawn stage delete STAGING-ID")}`,
    });
  }
  const skew = clock.skewMs;
  if (Math.abs(skew) <= MAX_SKEW_MS) return clock.now();
  throw new UserError("this machine's clock is wrong", {
    why: `${skewText(clock)} Nothing was removed.`,
    fix: "Set the clock (on Linux: timedatectl set-ntp true), then run the command again.",
  });
}

/** Both times, and their difference. */
export function skewText(clock: ServerClock = serverClock): string {
  const [local, server] = [clock.localTime, clock.now()].map(
    (time) => `${time.toISOString().slice(0, 19).replace("T", " ")} UTC`,
  );
  const direction = clock.skewMs < 0 ? "ahead of" : "behind";
  return `It shows ${local}, the server ${server}: it is ${durationText(Math.abs(clock.skewMs))} ${direction} the server.`;
}

const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const;

function durationText(ms: number): string {
  const [unit, length] = UNITS.find(([, length]) => ms >= 2 * length) ?? (["second", 1_000] as const);
  const count = Math.round(ms / length);
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
