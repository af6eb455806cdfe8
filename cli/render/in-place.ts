import { textOf } from "../screen.ts";
import { displayWidth } from "./text.ts";

/** The part of a terminal or pipe that a view uses. */
export interface ViewStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
  on?(event: "resize", listener: () => void): unknown;
  off?(event: "resize", listener: () => void): unknown;
}

/** Lines at the end of a terminal that are redrawn in place. */
export class InPlace {
  readonly #stream: ViewStream;
  /** Lines on the terminal that the next drawing replaces. */
  #drawn: readonly string[] = [];

  constructor(stream: ViewStream) {
    this.#stream = stream;
  }

  /** Usable columns: the last one stays free, because some terminals wrap as soon as it is written. */
  get columns(): number {
    return Math.max(1, this.#width() - 1);
  }

  draw(lines: readonly string[]): void {
    this.#stream.write(`${this.#eraser()}${textOf(lines)}\n`);
    this.#drawn = lines;
  }

  /** Writes permanent text above the lines. It is printable, with its line ends. */
  above(text: string): void {
    this.#stream.write(`${this.#eraser()}${text}`);
    this.#drawn = [];
  }

  /** Moves to the first drawn line and clears from there. A terminal that has become narrower has wrapped the lines. */
  #eraser(): string {
    if (this.#drawn.length === 0) return "";
    const columns = this.#width();
    const rows = this.#drawn.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(displayWidth(line) / columns)),
      0,
    );
    return `\u001b[${rows}A\r\u001b[J`;
  }

  /** Columns of the terminal. A terminal without a known size (in a container, under `script`) reports 0. */
  #width(): number {
    return this.#stream.columns || 80;
  }
}
