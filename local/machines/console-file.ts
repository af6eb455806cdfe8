import { closeSync, openSync, renameSync, statSync, writeSync } from "node:fs";

/** Minimum bytes of a console that are kept; the maximum is twice as much. */
const LIMIT = 1024 * 1024;

/** The output of a machine, in a file of bounded size for its owner only. The previous part is in `<file>.1`. */
export class ConsoleFile {
  readonly #path: string;
  #file: number;
  #size: number;

  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, "a", 0o600);
    this.#size = statSync(path).size;
  }

  write(text: string | Uint8Array): void {
    const bytes = typeof text === "string" ? Buffer.from(text) : text;
    if (this.#size > 0 && this.#size + bytes.length > LIMIT) {
      closeSync(this.#file);
      renameSync(this.#path, `${this.#path}.1`);
      this.#file = openSync(this.#path, "w", 0o600);
      this.#size = 0;
    }
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    this.#size += bytes.length;
  }

  /** A line about the machine, not by it. */
  note(text: string): void {
    this.write(`[spawn ${new Date().toISOString()}] ${text}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}
