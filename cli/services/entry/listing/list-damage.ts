import { commandLine } from "../../../command-line.ts";
import { judgePresence } from "../presence.ts";
import type { CheckedRecord } from "./list-presence.ts";

/** Entries that are named in a warning of their own. A bound keeps memory flat. */
const MOST_NAMED = 50;

/** Collects the entries of a list whose data are not whole, for the warnings at its end. */
export class DamagedEntries {
  readonly #environment: string;
  readonly #now: () => Date;
  readonly #deleting: ReadonlySet<string>;
  readonly #named: string[] = [];
  #count = 0;

  /**
   * @param now the server's time
   * @param deleting ids whose deletion has begun and did not end
   */
  constructor(environment: string, now: () => Date, deleting: ReadonlySet<string> = new Set()) {
    this.#environment = environment;
    this.#now = now;
    this.#deleting = deleting;
  }

  add(record: CheckedRecord): void {
    const { stagingId: id } = record;
    const damage = judgePresence(record, record.presence, this.#now(), this.#environment);
    if (damage === undefined) return;
    this.#count += 1;
    if (this.#named.length === MOST_NAMED) return;
    const fix = this.#deleting.has(id)
      ? commandLine(`spawn stage delete ${id} --yes`, this.#environment)
      : damage.fix;
    this.#named.push(`${damage.message}. Fix: ${fix}`);
  }

  /** One for each entry, with the command that helps; the last one counts those that have none of their own. */
  get warnings(): readonly string[] {
    const others = this.#count - this.#named.length;
    if (others === 0) return this.#named;
    return [
      ...this.#named,
      `the data of ${others} more ${others === 1 ? "entry is" : "entries are"} not whole`,
    ];
  }
}
