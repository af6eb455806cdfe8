import { Writable } from "node:stream";
import { styleText } from "node:util";
import { printable } from "../staging/printable.ts";

/*
 * All terminal output passes through this file. Names, IDs, records and messages of servers are untrusted: control characters in them
 * could write to the clipboard, clear the screen, or forge a line of output.
 *
 * - `guardScreen` escapes control characters in everything that is written to stdout and stderr, in pipes and by oclif, too.
 * - `writeExactly` bypasses the guard for data (JSON, YAML, CSV, HTML) and for the program's own colours and cursor movements.
 * - Renderers create each line with `textOf`, so that no value can begin a line.
 */

/** A text after a coloured label, such as `Warning:`. */
export interface Labelled {
  readonly style: Parameters<typeof styleText>[0];
  readonly label: string;
  readonly text: string;
}

/** Joins lines without a final line end. A line end inside a line becomes `\n`. */
export const textOf = (lines: readonly string[]): string => lines.map(printable).join("\n");

/**
 * Joins lines for {@link writeExactly}. Labels are coloured if `stream` is a terminal and NO_COLOR is not set; other control characters
 * are escaped.
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

/** A stream of this process that may have a guard. */
interface Screen extends NodeJS.WritableStream {
  /** The `write` that the guard replaced. */
  unguarded?: Write;
}

/** Writes data for programs, or text that is already printable, unchanged. */
export function writeExactly(
  stream: Screen,
  text: string | Uint8Array,
  done?: (error?: Error | null) => void,
): boolean {
  return (stream.unguarded ?? (stream.write.bind(stream) as Write))(text, done);
}

/** Escapes all control characters in later writes, except line ends and the bold and underlined text of oclif's help. */
export function guardScreen(
  streams: readonly (NodeJS.WriteStream & Screen)[] = [process.stdout, process.stderr],
): void {
  for (const stream of streams) {
    if (stream.unguarded !== undefined) continue;
    stream.unguarded = stream.write.bind(stream);
    stream.write = guarded(stream.unguarded);
  }
}

function guarded(write: Write): NodeJS.WriteStream["write"] {
  return (chunk: Uint8Array | string, encoding?: unknown, done?: unknown): boolean => {
    const text = typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8");
    const callback = typeof encoding === "function" ? encoding : done;
    return write(shown(text), callback as (error?: Error | null) => void);
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are not escaped
const OWN = /(\n|\u001b\[(?:1|22|4|24)m)/;

/** Escapes control characters except line ends and plain styles. */
export const shown = (text: string): string =>
  text
    .split(OWN)
    .map((part, at) => (at % 2 === 1 ? part : printable(part)))
    .join("");

/** A terminal for a program that moves the cursor: it bypasses the guard. */
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
    // The underlying stream reports a failed write.
    writeExactly(this.#stream, chunk.toString());
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stream.off("resize", this.#resized);
    done(error);
  }
}
