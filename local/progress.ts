import { printable } from "../staging/printable.ts";

/** The progress of a long step. */
export interface Progress {
  /** In plain words, such as `Building the Pulumi engine`. */
  readonly text: string;
  /** A changing detail, such as `12 modules so far`. */
  readonly detail?: string;
  /** The completed share, 0 to 1, if known. */
  readonly fraction?: number;
  /** Seconds since the step began, if it is slow. */
  readonly seconds?: number;
}

export type OnProgress = (progress: Progress) => void;

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Milliseconds between two lines of one step if the output is not a terminal. */
const LINE_EVERY = 5_000;

/** `Building the Pulumi engine: 45 % (2 min 5 s)`, `Downloading: 12 modules so far (8 s)` */
export function formatProgress({ text, detail, fraction, seconds }: Progress): string {
  const soFar = fraction === undefined ? detail : `${Math.floor(fraction * 100)} %`;
  const share = soFar === undefined ? "" : `: ${soFar}`;
  return printable(
    `${text}${share}${seconds === undefined || seconds < 1 ? "" : ` (${formatSeconds(seconds)})`}`,
  );
}

/** `8 s`, `2 min 5 s` */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/**
 * Writes progress to `output`: on a terminal one line that is overwritten; elsewhere (CI) a line per new text and one
 * every few seconds. `done` ends the line.
 */
export function progressPrinter(
  output: Output,
  clock: () => number = Date.now,
): { onProgress: OnProgress; done: () => void } {
  let lastText: string | undefined;
  let lastLineAt = 0;
  let open = false;
  const onTerminal = (progress: Progress): void => {
    if (open && progress.text !== lastText) output.write("\n");
    output.write(`\r\u001b[K${formatProgress(progress)}`);
    open = true;
    lastText = progress.text;
  };
  const onLines = (progress: Progress): void => {
    const now = clock();
    if (progress.text === lastText && now - lastLineAt < LINE_EVERY) return;
    output.write(`${formatProgress(progress)}\n`);
    lastText = progress.text;
    lastLineAt = now;
  };
  return {
    onProgress: output.isTTY === true ? onTerminal : onLines,
    done: () => {
      if (open) output.write("\n");
      open = false;
      lastText = undefined;
    },
  };
}
