import { commandLine } from "../../../command-line.ts";
import { findDamage } from "../presence.ts";
import type { CheckedRecord } from "./list-presence.ts";

/** Maximum number of entries with their own warning, which bounds memory. */
const MOST_NAMED = 50;

/** Collects the damaged entries of a list, for the warnings at its end. */
export class DamagedEntries {
  readonly #environment: string;
  readonly #now: () => Date;
  readonly #deleting: ReadonlySet<string>;
  readonly #named: string[] = [];
  #count = 0;

  /**
   * @param now the server's time
   * @param deleting IDs with a deletion that has begun and has not ended
   */
  constructor(environment: string, now: () => Date, deleting: ReadonlySet<string> = new Set()) {
    this.#environment = environment;
    this.#now = now;
    this.#deleting = deleting;
  }

  add(record: CheckedRecord): void {
    const { stagingId: id } = record;
    const damage = findDamage(record, record.presence, this.#now(), this.#environment);
    if (damage === undefined) return;
    this.#count += 1;
    if (this.#named.length === MOST_NAMED) return;
    const fix = this.#deleting.has(id)
      ? commandLine(`spawn stage delete ${id} --yes`, this.#environment)
      : damage.fix;
    this.#named.push(`${damage.message}. Fix: ${fix}`);
  }

  /** One for each entry, with the command that repairs it. The last one counts the entries without their own warning. */
  get warnings(): readonly string[] {
    const others = this.#count - this.#named.length;
    if (others === 0) return this.#named;
    return [
      ...this.#named,
      `the data of ${others} more ${others === 1 ? "entry is" : "entries are"} not whole`,
    ];
  }
}
