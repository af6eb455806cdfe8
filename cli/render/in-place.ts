import { type Labelled, linesFor, textOf } from "../screen.ts";
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
class InPlace {
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

/** The options of a {@link View}. */
export interface ViewOptions {
  /** The terminal that decides whether labels of notes have colours. Default: without colours. */
  readonly colours?: NodeJS.WritableStream;
  /** Milliseconds; replaced in tests. */
  readonly now?: () => number;
}

/** A view that is redrawn in place on a terminal. Elsewhere (CI, a log) it prints lines. */
export abstract class View {
  protected readonly isTerminal: boolean;
  protected readonly screen: InPlace;
  protected isClosed = false;
  readonly #stream: ViewStream;
  readonly #colours: NodeJS.WritableStream | undefined;
  readonly #onResize = (): void => this.draw();

  constructor(stream: ViewStream, { colours }: ViewOptions) {
    this.isTerminal = stream.isTTY === true;
    this.screen = new InPlace(stream);
    this.#stream = stream;
    this.#colours = colours;
    if (this.isTerminal) stream.on?.("resize", this.#onResize);
  }

  /** Draws the current lines on a terminal. */
  protected abstract draw(): void;

  /** Prints a line in a pipe. */
  protected print(line: string): void {
    this.#stream.write(linesFor(undefined, line));
  }

  /** Prints a permanent line, on a terminal above the drawn ones. */
  note(line: string | Labelled): void {
    const text = linesFor(this.#colours, line);
    if (!this.isTerminal || this.isClosed) {
      this.#stream.write(text);
      return;
    }
    this.screen.above(text);
    this.draw();
  }

  /** Stops; the drawn lines stay. */
  close(): void {
    this.isClosed = true;
    this.#stream.off?.("resize", this.#onResize);
  }
}
