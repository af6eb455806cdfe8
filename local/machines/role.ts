import type { RoleCredentials } from "./instances.ts";

/** Milliseconds before their expiry at which credentials are renewed: as on EC2, which has new ones five minutes before. */
const RENEW_BEFORE = 5 * 60_000;

/** The credentials of one machine's role: requested at their first use, and renewed before they expire. */
export class Role {
  readonly #ask: () => Promise<RoleCredentials | undefined>;
  readonly #clock: () => number;
  #known: RoleCredentials | undefined;
  #asked: Promise<RoleCredentials | undefined> | undefined;

  constructor(ask: () => Promise<RoleCredentials | undefined>, clock: () => number = Date.now) {
    this.#ask = ask;
    this.#clock = clock;
  }

  /** Concurrent calls share one request. Failures are not cached. */
  async credentials(): Promise<RoleCredentials | undefined> {
    const known = this.#known;
    if (known !== undefined && known.expiration.getTime() - RENEW_BEFORE > this.#clock()) return known;
    this.#asked ??= this.#ask();
    try {
      this.#known = await this.#asked;
      return this.#known;
    } finally {
      this.#asked = undefined;
    }
  }
}
