import type { RoleCredentials } from "./instances.ts";

/** Milliseconds before their end from which on credentials are replaced: as on EC2, where new ones are there five minutes before. */
const RENEW_BEFORE = 5 * 60_000;

/** The credentials of one machine's role: asked for at their first use, and renewed before they end. */
export class Role {
  readonly #ask: () => Promise<RoleCredentials | undefined>;
  readonly #clock: () => number;
  #known: RoleCredentials | undefined;
  #asked: Promise<RoleCredentials | undefined> | undefined;

  constructor(ask: () => Promise<RoleCredentials | undefined>, clock: () => number = Date.now) {
    this.#ask = ask;
    this.#clock = clock;
  }

  /** Two at once ask once. Failures are not kept. */
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
