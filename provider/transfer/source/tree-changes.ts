import { shown } from "./source.ts";

/** How many files a message names. */
const NAMED = 5;

/** Which files of a tree changed since an earlier attempt sent them. In memory are only the first names. */
export class TreeChanges {
  readonly #again: string[] = [];
  readonly #gone: string[] = [];
  #againCount = 0;
  #goneCount = 0;

  sentAgain(path: string): void {
    this.#againCount += 1;
    if (this.#again.length < NAMED) this.#again.push(path);
  }

  removed(path: string): void {
    this.#goneCount += 1;
    if (this.#gone.length < NAMED) this.#gone.push(path);
  }

  /** A text for the user; undefined if nothing changed. */
  get message(): string | undefined {
    const parts = [
      listed("sent again", this.#again, this.#againCount),
      listed("removed from the entry", this.#gone, this.#goneCount),
    ].filter((part) => part !== undefined);
    return parts.length === 0 ? undefined : `Changed since the upload began: ${parts.join("; ")}`;
  }
}

function listed(what: string, names: readonly string[], count: number): string | undefined {
  if (count === 0) return undefined;
  const more = count > names.length ? ` and ${count - names.length} more` : "";
  return `${names.map(shown).join(", ")}${more} (${what})`;
}
