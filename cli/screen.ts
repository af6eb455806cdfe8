import { Writable } from "node:stream";
import { styleText } from "node:util";
import { printable } from "../staging/printable.ts";

/*
 * The one place where text reaches the terminal. Names, IDs, records and messages of servers are written by others, and a terminal
 * obeys control characters: it copies to the clipboard, clears the screen, or shows a line that no command wrote.
 *
 * - `guardScreen` makes all that is written to stdout and stderr printable, also in a pipe, and whoever writes it (oclif's help, too).
 * - `writeExactly` is the way around it, for data (JSON, YAML, CSV, a page) and for the program's own colours and cursor movements.
 * - A renderer makes each of its lines with `textOf`, so that no value can begin a line.
 */

/** A word in colour in front of a text, such as `Warning:`. */
export interface Labelled {
  readonly style: Parameters<typeof styleText>[0];
  readonly label: string;
  readonly text: string;
}

/** Lines as text, without the last line's end. A line end inside of a line is shown as `\n`. */
export const textOf = (lines: readonly string[]): string => lines.map(printable).join("\n");

/**
 * Lines with their ends, the labels in colour where `stream` is a terminal and NO_COLOR is not set. The text is printable but for the colours, so it
 * is for {@link writeExactly}.
 */
export const linesFor = (
  stream: NodeJS.WritableStream | undefined,
  ...lines: readonly (string | Labelled)[]
): string =>
  lines
    .map((line) => {
      if (typeof line === "string") return `${printable(line)}\n`;
      const label = stream === undefined ? line.label : styleText(line.style, line.label, { stream });
      return `${label} ${printable(line.text)}\n`;
    })
    .join("");

type Write = (text: string | Uint8Array, done?: (error?: Error | null) => void) => boolean;

/** The streams' own `write`, before the guard. */
const exact = new WeakMap<NodeJS.WritableStream, Write>();

/** Writes data for programs, or text that has been made printable, as it is. */
export function writeExactly(
  stream: NodeJS.WritableStream,
  text: string | Uint8Array,
  done?: (error?: Error | null) => void,
): boolean {
  return (exact.get(stream) ?? (stream.write.bind(stream) as Write))(text, done);
}

/** From now on, only line ends, and bold and underlined text (oclif's help), are more than characters in what is written. */
export function guardScreen(streams: readonly NodeJS.WriteStream[] = [process.stdout, process.stderr]): void {
  for (const stream of streams) {
    if (exact.has(stream)) continue;
    exact.set(stream, stream.write.bind(stream));
    stream.write = guarded(exact.get(stream) as Write);
  }
}

function guarded(write: Write): NodeJS.WriteStream["write"] {
  return (chunk: Uint8Array | string, encoding?: unknown, done?: unknown): boolean => {
    const text = typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8");
    const callback = typeof encoding === "function" ? encoding : done;
    return write(shown(text), callback as (error?: Error | null) => void);
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are let through
const OWN = /(\n|\u001b\[(?:1|22|4|24)m)/;

/** Text that is printable, but for line ends and plain styles. */
export const shown = (text: string): string =>
  text
    .split(OWN)
    .map((part, at) => (at % 2 === 1 ? part : printable(part)))
    .join("");

/** A terminal whose program moves the cursor: what it writes is written as it is. */
export class ExactScreen extends Writable {
  readonly #stream: NodeJS.WriteStream;

  constructor(stream: NodeJS.WriteStream) {
    super({ decodeStrings: false });
    this.#stream = stream;
    if (stream.isTTY) stream.on("resize", this.#resized);
  }

  get isTTY(): boolean {
    return this.#stream.isTTY;
  }

  get columns(): number {
    return this.#stream.columns;
  }

  getColorDepth(env?: object): number {
    return this.#stream.getColorDepth(env);
  }

  readonly #resized = (): void => void this.emit("resize");

  override _write(chunk: Buffer | string, _encoding: unknown, done: (error?: Error | null) => void): void {
    // A failed write is an error of the stream below, which reports it.
    writeExactly(this.#stream, chunk.toString());
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stream.off("resize", this.#resized);
    done(error);
  }
}
