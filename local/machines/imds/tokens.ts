import { randomBytes } from "node:crypto";

/** Seconds. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html */
const LONGEST = 21_600;
/** Maximum number of tokens: a program that requests a new one each time must not exhaust the memory. */
const MOST = 10_000;

/** The tokens of one machine's metadata service. */
export class Tokens {
  readonly #expiries = new Map<string, number>();
  readonly #clock: () => number;

  constructor(clock: () => number = Date.now) {
    this.#clock = clock;
  }

  /** @returns undefined if the TTL is not from 1 to 21,600 seconds */
  make(ttl: string): string | undefined {
    if (!/^[0-9]{1,5}$/.test(ttl) || Number(ttl) < 1 || Number(ttl) > LONGEST) return undefined;
    const [oldest] = this.#expiries.keys();
    if (this.#expiries.size >= MOST && oldest !== undefined) this.#expiries.delete(oldest);
    const token = randomBytes(42).toString("base64url");
    this.#expiries.set(token, this.#clock() + Number(ttl) * 1000);
    return token;
  }

  /** The remaining seconds of a token; undefined if it is invalid. */
  secondsLeft(token: string): number | undefined {
    const expiry = this.#expiries.get(token);
    if (expiry === undefined) return undefined;
    const remaining = Math.ceil((expiry - this.#clock()) / 1000);
    if (remaining > 0) return remaining;
    this.#expiries.delete(token);
    return undefined;
  }
}
