import { createHash } from "node:crypto";
import type { SourceEntry } from "./source.ts";

/**
 * What a tree is like without being read: names, sizes, times or ETags, permissions and links. Of a tree that has another one since,
 * something was changed.
 */
export class Fingerprint {
  readonly #hash = createHash("sha256");

  /** Adds the next entry, in the order of the tree. */
  add(entry: SourceEntry): void {
    this.#hash.update(`${JSON.stringify(factsOf(entry))}\n`);
  }

  /** Lower-case hex. To be called once, after the last entry. */
  end(): string {
    return this.#hash.digest("hex");
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
