import type { ThreadAnswer } from "./thread.ts";

/* What the threads are asked that work on files, what they answer, and the program that they run. */

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
  /** It holds more or less than its size says, as far as that was looked at. */
  readonly isMissized?: boolean;
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

/** Why a file was not read: the system refused, it is not (any more) the file that was measured, or its size is not true. */
export type ReadProblem = SystemError | "irregular" | "changed" | "missized";

export interface ReadRequest {
  readonly read: string;
  readonly expected: FileIdentity;
  readonly memory: SharedArrayBuffer;
  readonly length: number;
}

/** The next section of an open file that is hashed from its start to its end. */
export interface HashRequest {
  /** Tells the file apart from others that the thread hashes meanwhile. */
  readonly hash: number;
  readonly fd: number;
  readonly offset: number;
  readonly length: number;
}

/** The end of a file that was hashed, or of the wish to hash it. */
export interface HashEndRequest {
  readonly end: number;
}

export interface MeasureRequest {
  readonly measure: readonly string[];
  /** Whether each file is opened to see that it can be read. */
  readonly open: boolean;
}

export type FileRequest = ReadRequest | HashRequest | HashEndRequest | MeasureRequest;

/** Facts, or why there are none. */
export type Measured = FileFacts | { readonly problem: SystemError };

export interface FileAnswer extends ThreadAnswer {
  readonly file?: ReadFile;
  readonly problem?: ReadProblem;
  readonly measured?: readonly Measured[];
  /** Of a section. */
  readonly crc32?: number;
  /** Of a file that was hashed, lower-case hex. */
  readonly sha256?: string;
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
  const hashes = new Map<number, import("node:crypto").Hash>();
  // Small enough to stay in the processor's cache between reading and both checksums.
  const piece = new Uint8Array(256 * 1024);
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

    read({ read: path, expected, memory, length }: ReadRequest): Omit<FileAnswer, "id"> {
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
          if (count === 0) break;
          filled += count;
        }
        const isMissized = !work.endsAt(fd, length);
        if (!work.isSame(fs.fstatSync(fd), expected)) return { problem: "changed" };
        if (isMissized) return { problem: "missized" };
        return { file: { sha256: crypto.hash("sha256", bytes), crc32: zlib.crc32(bytes) } };
      } catch (error) {
        return { problem: work.problemOf(error) };
      } finally {
        fs.closeSync(fd);
      }
    },

    endsAt(fd: number, size: number): boolean {
      if (size > 0 && fs.readSync(fd, piece, 0, 1, size - 1) === 0) return false;
      return fs.readSync(fd, piece, 0, 1, size) === 0;
    },

    hash({ hash: sequence, fd, offset, length }: HashRequest): Omit<FileAnswer, "id"> {
      const hash = hashes.get(sequence) ?? crypto.createHash("sha256");
      hashes.set(sequence, hash);
      let crc32 = 0;
      try {
        for (let done = 0; done < length; ) {
          const count = fs.readSync(fd, piece, 0, Math.min(piece.length, length - done), offset + done);
          if (count === 0) return { problem: "changed" };
          const bytes = piece.subarray(0, count);
          hash.update(bytes);
          crc32 = zlib.crc32(bytes, crc32);
          done += count;
        }
        return { crc32 };
      } catch (error) {
        return { problem: work.problemOf(error) };
      }
    },

    end(sequence: number): Omit<FileAnswer, "id"> {
      const hash = hashes.get(sequence) ?? crypto.createHash("sha256");
      hashes.delete(sequence);
      return { sha256: hash.digest("hex") };
    },

    measure(path: string, open: boolean): Measured {
      try {
        const { size, blocks, mode, mtimeMs, ino, dev } = fs.lstatSync(path);
        const facts = { size, mode, mtimeMs, ino, dev };
        if (!open || (mode & fs.constants.S_IFMT) !== fs.constants.S_IFREG) return facts;
        try {
          const fd = fs.openSync(path, flags);
          try {
            // A file that takes no room on a disk is empty, sparse, or made while it is read, as those in /proc.
            return blocks === 0 && !work.endsAt(fd, size) ? { ...facts, isMissized: true } : facts;
          } finally {
            fs.closeSync(fd);
          }
        } catch (error) {
          return { ...facts, refusal: work.problemOf(error) };
        }
      } catch (error) {
        return { problem: work.problemOf(error) };
      }
    },
  };
  parentPort?.on("message", (request: { readonly id: number } & FileRequest) => {
    const { id } = request;
    try {
      if ("read" in request) parentPort.postMessage({ id, ...work.read(request) });
      else if ("hash" in request) parentPort.postMessage({ id, ...work.hash(request) });
      else if ("end" in request) parentPort.postMessage({ id, ...work.end(request.end) });
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

export const FILE_THREAD_PROGRAM = `(${workOnFiles})(require("node:fs"), require("node:crypto"), require("node:zlib"), require("node:worker_threads"))`;
