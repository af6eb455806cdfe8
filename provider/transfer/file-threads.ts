import { TaskThread, type TaskThread as Thread, type ThreadAnswer } from "./thread.ts";

/**
 * Small files are looked at, read and hashed in threads, by calls that block: one message for what would be five jobs for
 * Node's own threads and cost three times as much CPU. As many threads as Node has for files, so that a slow file system
 * is asked for as many files at once.
 */
const THREADS = 4;

/** What tells whether a file is the one that was measured. */
export interface FileIdentity {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ino: number;
  readonly dev: number;
}

/** A file as `lstat` has it. */
export interface FileFacts extends FileIdentity {
  readonly mode: number;
  /** What the system says against reading the file, where that was tried. */
  readonly refusal?: SystemError;
}

/** An error of the system, as it travels between threads. */
export interface SystemError {
  readonly code: string;
  readonly message: string;
}

/** A whole file in memory. */
export interface ReadFile {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly crc32: number;
}

/** Why a file was not read: the system refused, or it is not, or no longer, the file that was measured. */
export type ReadProblem = SystemError | "irregular" | "changed";

interface ReadRequest {
  readonly read: string;
  readonly expected: FileIdentity;
  readonly memory: SharedArrayBuffer;
  readonly length: number;
}

interface MeasureRequest {
  readonly measure: readonly string[];
  /** Whether each file is opened to see that it can be read. */
  readonly open: boolean;
}

/** Facts, or why there are none. */
export type Measured = FileFacts | { readonly problem: SystemError };

interface Answer extends ThreadAnswer {
  readonly file?: ReadFile;
  readonly problem?: ReadProblem;
  readonly measured?: readonly Measured[];
}

/**
 * The thread's program: it must use nothing but its parameters, and keep its functions in an object, since a bundler may wrap
 * other named ones by a helper that the thread does not have.
 */
function workOnFiles(
  fs: typeof import("node:fs"),
  crypto: typeof import("node:crypto"),
  zlib: typeof import("node:zlib"),
  { parentPort }: typeof import("node:worker_threads"),
): void {
  // Without O_NONBLOCK, a pipe put in the file's place would block the opening for ever.
  const flags = fs.constants.O_RDONLY | fs.constants.O_NONBLOCK;
  const work = {
    problemOf(error: unknown): SystemError {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      return { code, message };
    },

    isSame(found: FileIdentity, expected: FileIdentity): boolean {
      return (
        found.size === expected.size &&
        found.mtimeMs === expected.mtimeMs &&
        found.ino === expected.ino &&
        found.dev === expected.dev
      );
    },

    read({ read: path, expected, memory, length }: ReadRequest): Omit<Answer, "id"> {
      let fd: number;
      try {
        fd = fs.openSync(path, flags);
      } catch (error) {
        return { problem: work.problemOf(error) };
      }
      try {
        const found = fs.fstatSync(fd);
        if (!found.isFile()) return { problem: "irregular" };
        if (!work.isSame(found, expected)) return { problem: "changed" };
        const bytes = new Uint8Array(memory, 0, length);
        for (let filled = 0; filled < length; ) {
          const count = fs.readSync(fd, bytes, filled, length - filled, filled);
          if (count === 0) return { problem: "changed" };
          filled += count;
        }
        if (!work.isSame(fs.fstatSync(fd), expected)) return { problem: "changed" };
        return { file: { sha256: crypto.hash("sha256", bytes), crc32: zlib.crc32(bytes) } };
      } catch (error) {
        return { problem: work.problemOf(error) };
      } finally {
        fs.closeSync(fd);
      }
    },

    measure(path: string, open: boolean): Measured {
      try {
        const { size, mode, mtimeMs, ino, dev } = fs.lstatSync(path);
        const facts = { size, mode, mtimeMs, ino, dev };
        if (!open || (mode & fs.constants.S_IFMT) !== fs.constants.S_IFREG) return facts;
        try {
          fs.closeSync(fs.openSync(path, flags));
          return facts;
        } catch (error) {
          return { ...facts, refusal: work.problemOf(error) };
        }
      } catch (error) {
        return { problem: work.problemOf(error) };
      }
    },
  };
  parentPort?.on("message", (request: { readonly id: number } & (ReadRequest | MeasureRequest)) => {
    const { id } = request;
    try {
      if ("read" in request) parentPort.postMessage({ id, ...work.read(request) });
      else
        parentPort.postMessage({
          id,
          measured: request.measure.map((path) => work.measure(path, request.open)),
        });
    } catch (error) {
      parentPort.postMessage({ id, error: String(error) });
    }
  });
}

const PROGRAM = `(${workOnFiles})(require("node:fs"), require("node:crypto"), require("node:zlib"), require("node:worker_threads"))`;

const threads = new Set<Thread<ReadRequest | MeasureRequest, Answer>>();

/** The one that has least to do. A thread that ended is replaced. */
function freeThread(): Thread<ReadRequest | MeasureRequest, Answer> {
  let best: Thread<ReadRequest | MeasureRequest, Answer> | undefined;
  for (const thread of threads) if (best === undefined || thread.pending < best.pending) best = thread;
  if (best !== undefined && (best.pending === 0 || threads.size >= THREADS)) return best;
  const thread: Thread<ReadRequest | MeasureRequest, Answer> = new TaskThread("file", PROGRAM, () =>
    threads.delete(thread),
  );
  threads.add(thread);
  return thread;
}

/**
 * Reads a whole file, which must be the one that was measured, and hashes it.
 * @param bytes is filled; in shared memory, at its beginning, as long as the file
 */
export async function readWholeFile(
  path: string,
  expected: FileIdentity,
  bytes: Uint8Array,
): Promise<ReadFile | ReadProblem> {
  const { buffer: memory, byteOffset, length } = bytes;
  if (!(memory instanceof SharedArrayBuffer) || byteOffset !== 0) {
    throw new Error("only the beginning of shared memory can be read into");
  }
  const { file, problem } = await freeThread().ask({ read: path, expected, memory, length });
  const result = file ?? problem;
  if (result === undefined) throw new Error(`the thread said nothing of ${path}`);
  return result;
}

/**
 * Measures files, without following links, in the order of the paths.
 * @param open whether regular files are opened, too, to see that they can be read
 */
export async function measureFiles(paths: readonly string[], open: boolean): Promise<readonly Measured[]> {
  const { measured } = await freeThread().ask({ measure: paths, open });
  if (measured === undefined) throw new Error("the thread measured nothing");
  return measured;
}
