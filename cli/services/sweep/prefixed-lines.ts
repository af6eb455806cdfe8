const NEWLINE = 0x0a;
/** Splits longer lines: a program that writes no line end must not exhaust the memory. */
const MAX_LINE = 64 * 1024;

/** Adds a prefix to each line of a byte stream with arbitrary chunks. Returns complete lines only. */
export class PrefixedLines {
  readonly #prefix: Buffer;
  /** An incomplete line. */
  #rest = Buffer.alloc(0);

  constructor(prefix: string) {
    this.#prefix = Buffer.from(prefix);
  }

  /** @returns the lines that `bytes` completes */
  take(bytes: Uint8Array): Buffer {
    const all = Buffer.concat([this.#rest, bytes]);
    const lines: Uint8Array[] = [];
    let start = 0;
    for (let end = all.indexOf(NEWLINE); end >= 0; end = all.indexOf(NEWLINE, start)) {
      lines.push(this.#prefix, all.subarray(start, end + 1));
      start = end + 1;
    }
    while (all.length - start > MAX_LINE) {
      lines.push(this.#prefix, all.subarray(start, start + MAX_LINE), Buffer.of(NEWLINE));
      start += MAX_LINE;
    }
    this.#rest = Buffer.from(all.subarray(start));
    return Buffer.concat(lines);
  }

  /** @returns the rest as a line */
  end(): Buffer {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return rest.length === 0 ? rest : Buffer.concat([this.#prefix, rest, Buffer.of(NEWLINE)]);
  }
}
