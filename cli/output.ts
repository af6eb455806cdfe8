import { closeSync, fstatSync, statSync, writeSync } from "node:fs";
import type { Writable } from "node:stream";
import { UserError } from "../staging/errors.ts";
import { writeExactly } from "./screen.ts";

/*
 * Every command writes its results here, so that a failed write fails the command. Node itself ignores a write that a full disk
 * refuses, and exits with code 0.
 */

/** The reader has closed our output (`| head -1`). */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

/** The output could not be written, but its reader did not close it. */
export class OutputFailed extends UserError {}

/** A stream that {@link watchOutput} may watch. */
interface Output extends NodeJS.WritableStream {
  /** The first error, which causes all later ones. */
  failure?: NodeJS.ErrnoException;
}

/**
 * Writes text for people to stdout, with control characters as escapes. Waits for the write, so that a long output does not
 * accumulate in memory. An empty text waits for earlier writes.
 * @throws OutputClosed if the reader has closed the output
 * @throws OutputFailed if the write fails, for example on a full disk
 */
export function writeOut(text: string, stream: Output = process.stdout): Promise<void> {
  return writeBy((done) => stream.write(text, done), stream);
}

/** Like {@link writeOut}, for data that programs read, such as JSON. Writes them unchanged. */
export function writeData(text: string | Uint8Array, stream: Output = process.stdout): Promise<void> {
  return writeBy((done) => writeExactly(stream, text, done), stream);
}

/** Like {@link writeOut}, for text that programs read, such as a script or a path: unchanged, except on a terminal. */
export const writeForPrograms = (text: string): Promise<void> =>
  process.stdout.isTTY ? writeOut(text) : writeData(text);

/** Like {@link writeOut}, for bytes of a log. On a terminal, tabs become spaces and CRLF becomes LF. */
export const writeLog = (bytes: Uint8Array): Promise<void> =>
  process.stdout.isTTY
    ? writeOut(Buffer.from(bytes).toString().replaceAll("\r\n", "\n").replaceAll("\t", "    "))
    : writeData(bytes);

type Done = (error?: NodeJS.ErrnoException | null) => void;

function writeBy(write: (done: Done) => boolean, stream: Output): Promise<void> {
  return new Promise((resolve, reject) => {
    write((error) => {
      // The stream's "error" event comes in the next tick.
      if (error) setImmediate(() => reject(outputError(stream.failure ?? error)));
      else resolve();
    });
  });
}

/** Waits for all writes to stdout. @returns the error of a failed write, if any */
export async function endOutput(): Promise<OutputClosed | OutputFailed | undefined> {
  try {
    const stream: Output = process.stdout;
    await writeOut("", stream);
    const { failure } = stream;
    return failure && outputError(failure);
  } catch (error) {
    if (error instanceof OutputClosed || error instanceof OutputFailed) return error;
    throw error;
  }
}

function outputError(error: NodeJS.ErrnoException): OutputClosed | OutputFailed {
  if (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED") {
    return new OutputClosed("the reader closed the output", { cause: error });
  }
  return new OutputFailed("the output could not be written", {
    why: `${error.message}.`,
    fix: "Free space on the disk of the output, or write the output to another place.",
    cause: error,
  });
}

/**
 * Records failed writes for {@link writeOut} and {@link endOutput}. Without a listener, a failed write to stdout or stderr would end
 * the process immediately.
 */
export function watchOutput(): void {
  const streams: readonly (NodeJS.WriteStream & Output)[] = [process.stdout, process.stderr];
  for (const stream of streams) {
    stream.removeAllListeners("error");
    stream.on("error", (error: NodeJS.ErrnoException) => {
      stream.failure ??= error;
    });
  }
  if (isFile(process.stdout.fd)) writeWholeChunks(process.stdout, process.stdout.fd);
}

/**
 * Closes stdout if it is a file, because some file systems report a full disk only then.
 * @returns the error, if any
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

/** Node's file stream ignores partial writes: on a full disk it silently drops the rest of a chunk. */
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
 * @param write writes some of the bytes and returns their number
 * @throws the system's error if a write fails
 */
export function writeWhole(bytes: Uint8Array, write: (bytes: Uint8Array) => number): void {
  let remaining = bytes;
  while (remaining.length > 0) remaining = remaining.subarray(write(remaining));
}

function isFile(fd: number): boolean {
  try {
    const status = fstatSync(fd);
    return status.isFile() || (status.isCharacterDevice() && !process.stdout.isTTY);
  } catch {
    return false; // Node reports the bad descriptor at the first write
  }
}

/** Whether stdout is `/dev/null`. Node also opens `/dev/null` if the shell has closed stdout (`>&-`). */
export function isOutputDiscarded(): boolean {
  try {
    const status = fstatSync(process.stdout.fd);
    return status.isCharacterDevice() && status.rdev === statSync("/dev/null").rdev;
  } catch {
    return false;
  }
}
