import { UserError } from "../staging/errors.ts";

/** The reader of our output has gone (`| head -1`): there is nobody left to write for. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

/**
 * Writes to stdout and waits until it is taken, so that a long output never piles up in memory.
 * @throws OutputClosed when the reader has gone
 * @throws UserError when it cannot be written (a full disk)
 */
export function writeOut(text: string, stream: NodeJS.WritableStream = process.stdout): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error?: NodeJS.ErrnoException | null) => {
      if (error === undefined || error === null) resolve();
      else reject(outputError(error));
    });
  });
}

function outputError(error: NodeJS.ErrnoException): Error {
  if (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED") {
    return new OutputClosed("the reader of the output has gone", { cause: error });
  }
  return new UserError("the output could not be written", { why: error.message, cause: error });
}

/**
 * Without listeners a failed write to stdout or stderr would end the process in the middle of its work. Who needs to
 * know is told by {@link writeOut}.
 */
export function survivePipeErrors(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners("error");
    stream.on("error", () => {});
  }
}
