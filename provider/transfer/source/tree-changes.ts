import { shown } from "./source.ts";

/** The number of files that a message names. */
const NAMED = 5;

/** The files of a tree that changed since an earlier attempt sent them. Only the first names are in memory. */
export class TreeChanges {
  readonly #sent: string[] = [];
  readonly #removed: string[] = [];
  #sentCount = 0;
  #removedCount = 0;

  sentAgain(path: string): void {
    this.#sentCount += 1;
    if (this.#sent.length < NAMED) this.#sent.push(path);
  }

  removed(path: string): void {
    this.#removedCount += 1;
    if (this.#removed.length < NAMED) this.#removed.push(path);
  }

  /** A message for the user; undefined if nothing changed. */
  get message(): string | undefined {
    const parts = [
      listed("sent again", this.#sent, this.#sentCount),
      listed("removed from the entry", this.#removed, this.#removedCount),
    ].filter((part) => part !== undefined);
    return parts.length === 0 ? undefined : `Changed since the upload began: ${parts.join("; ")}`;
  }
}

function listed(what: string, names: readonly string[], count: number): string | undefined {
  if (count === 0) return undefined;
  const more = count > names.length ? ` and ${count - names.length} more` : "";
  return `${names.map(shown).join(", ")}${more} (${what})`;
}
