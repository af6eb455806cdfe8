import { closeSync, fstatSync, statSync, writeSync } from "node:fs";
import type { Writable } from "node:stream";
import { UserError } from "../staging/errors.ts";
import { writeExactly } from "./screen.ts";

/*
 * Every command writes its results here, and every failed write is an error of the command. Node itself does not report it:
 * it drops output that a full disk refuses, and exits with code 0.
 */

/** The reader of our output has gone (`| head -1`): there is nobody left to write for. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

/** The output could not be written, for another reason than a closed pipe. */
export class OutputFailed extends UserError {}

/** The first error of each stream: what is written after it only fails because of it. */
const failures = new WeakMap<NodeJS.WritableStream, NodeJS.ErrnoException>();

/**
 * Writes to stdout and waits until it is taken, so that a long output never piles up in memory. An empty text waits for
 * what was written before. It is for people: control characters are shown as escapes.
 * @throws OutputClosed when the reader has gone
 * @throws OutputFailed when it cannot be written (a full disk)
 */
export function writeOut(text: string, stream: NodeJS.WritableStream = process.stdout): Promise<void> {
  return writeBy((done) => stream.write(text, done), stream);
}

/** The same for data that programs read, such as JSON: they are written as they are. */
export function writeData(
  text: string | Uint8Array,
  stream: NodeJS.WritableStream = process.stdout,
): Promise<void> {
  return writeBy((done) => writeExactly(stream, text, done), stream);
}

/** The same for text that programs read and people may look at, such as a script or a path: as it is, and printable on a terminal. */
export const writeForPrograms = (text: string): Promise<void> =>
  process.stdout.isTTY ? writeOut(text) : writeData(text);

/** The same for bytes of a log, whose tabs and line ends a terminal shows as it does in any other file. */
export const writeLog = (bytes: Uint8Array): Promise<void> =>
  process.stdout.isTTY
    ? writeOut(Buffer.from(bytes).toString().replaceAll("\r\n", "\n").replaceAll("\t", "    "))
    : writeData(bytes);

type Done = (error?: NodeJS.ErrnoException | null) => void;

function writeBy(write: (done: Done) => boolean, stream: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    write((error) => {
      // The stream's "error" event comes in the next tick.
      if (error) setImmediate(() => reject(outputError(failures.get(stream) ?? error)));
      else resolve();
    });
  });
}

/** Waits for all that was written to stdout. @returns why it could not be written; undefined where it was */
export async function endOutput(): Promise<OutputClosed | OutputFailed | undefined> {
  try {
    await writeOut("");
    const failure = failures.get(process.stdout);
    return failure && outputError(failure);
  } catch (error) {
    if (error instanceof OutputClosed || error instanceof OutputFailed) return error;
    throw error;
  }
}

function outputError(error: NodeJS.ErrnoException): OutputClosed | OutputFailed {
  if (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED") {
    return new OutputClosed("the reader of the output has gone", { cause: error });
  }
  return new OutputFailed("the output could not be written", {
    why: `${error.message}.`,
    fix: "Free space on the disk of the output, or write the output to another place.",
    cause: error,
  });
}

/**
 * Makes failed writes known to {@link writeOut} and {@link endOutput}. Without listeners a failed write to stdout or stderr would
 * end the process in the middle of its work.
 */
export function watchOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners("error");
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (!failures.has(stream)) failures.set(stream, error);
    });
  }
  if (isFile(process.stdout.fd)) writeWholeChunks(process.stdout, process.stdout.fd);
}

/**
 * Closes stdout if it is a file: some file systems report a full disk only then.
 * @returns why it could not be written; undefined where it was
 */
export function closeOutput(): OutputClosed | OutputFailed | undefined {
  if (!isFile(process.stdout.fd)) return undefined;
  try {
    closeSync(process.stdout.fd);
    return undefined;
  } catch (error) {
    return outputError(error as NodeJS.ErrnoException);
  }
}

/** Node's stream for files ignores how much of a chunk was written: on a disk that fills up, it drops the rest in silence. */
function writeWholeChunks(stream: Writable, fd: number): void {
  stream._write = (chunk: Uint8Array, _encoding, done) => {
    try {
      writeWhole(chunk, (bytes) => writeSync(fd, bytes));
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  };
}

/**
 * Writes all of `bytes`.
 * @param write writes some of them and returns how many
 * @throws the system's error if a write fails
 */
export function writeWhole(bytes: Uint8Array, write: (bytes: Uint8Array) => number): void {
  let left = bytes;
  while (left.length > 0) left = left.subarray(write(left));
}

function isFile(fd: number): boolean {
  try {
    const status = fstatSync(fd);
    return status.isFile() || (status.isCharacterDevice() && !process.stdout.isTTY);
  } catch {
    return false; // Node says so itself at the first write
  }
}

/** Whether stdout is `/dev/null`, which is also what Node makes of a stdout that the shell has closed (`>&-`). */
export function isOutputDiscarded(): boolean {
  try {
    const status = fstatSync(process.stdout.fd);
    return status.isCharacterDevice() && status.rdev === statSync("/dev/null").rdev;
  } catch {
    return false;
  }
}
