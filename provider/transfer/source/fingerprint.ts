import { createHash } from "node:crypto";
import type { SourceEntry } from "./source.ts";

export interface NewestFile {
  /** Relative to the directory. */
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
}

/**
 * Fingerprint of a tree without its content. One digest has names, sizes, times or ETags, permissions and links. The other has the
 * ctimes, which programs cannot set. A copy of a tree can have the same first digest, but never the same second digest.
 */
export class Fingerprint {
  readonly #hash = createHash("sha256");
  readonly #changes = createHash("sha256");
  #isLocal = false;
  #newest: NewestFile | undefined;

  /** Adds the next entry, in the order of the tree. */
  add(entry: SourceEntry): void {
    this.#hash.update(`${JSON.stringify(factsOf(entry))}\n`);
    if (entry.type !== "file" || entry.from !== "local") return;
    const { path, modifiedMs, changedMs } = entry;
    this.#isLocal = true;
    this.#changes.update(`${changedMs}\n`);
    if (modifiedMs >= (this.#newest?.modifiedMs ?? 0)) this.#newest = { path, modifiedMs };
  }

  /** The file with the latest modification time; undefined if no file has such a time. */
  get newest(): NewestFile | undefined {
    return this.#newest;
  }

  /** The first digest, lower-case hex. Call it once, after the last entry. */
  end(): string {
    return this.#hash.digest("hex");
  }

  /** The digest of the files' ctimes, lower-case hex; undefined if no file has one. Call it once, after the last entry. */
  endChanges(): string | undefined {
    return this.#isLocal ? this.#changes.digest("hex") : undefined;
  }
}

function factsOf(entry: SourceEntry): readonly (string | number)[] {
  switch (entry.type) {
    case "file": {
      const version = entry.from === "local" ? entry.modifiedMs : entry.etag;
      return [entry.type, entry.path, entry.size, entry.mode, version];
    }
    case "link":
      return [entry.type, entry.path, entry.target];
    case "directory":
      return [entry.type, entry.path, entry.mode];
  }
}
