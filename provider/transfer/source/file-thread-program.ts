import type { ThreadAnswer } from "../../flow/thread.ts";
import {
  type FolderRequest,
  type Listing,
  type ListRequest,
  MAX_LINKS,
  type OpenAnswer,
  type OpenedFolder,
  type PackedNames,
  type Place,
  type Replaced,
  type Resolved,
  type ResolveRequest,
  type SystemError,
  serveFolders,
  TO_FOLDER,
} from "./folder-thread-program.ts";

/* The requests and responses of the threads that access files, and their program. */

/** The properties that identify a measured file in its measured state. */
export interface FileIdentity {
  readonly size: number;
  readonly mtimeMs: number;
  /** The time of the last change of content or attributes, which programs cannot set. */
  readonly ctimeMs: number;
  readonly ino: number;
  readonly dev: number;
}

/** The properties of a file from `lstat`. */
export interface FileFacts extends FileIdentity {
  readonly mode: number;
  readonly uid: number;
  /** The system's error, if the thread tried to open the file and failed. */
  readonly refusal?: SystemError;
  /** Whether its content does not match its size. Only files without blocks on the disk are checked. */
  readonly hasSizeMismatch?: boolean;
}

/** The digests of a file that was read into memory. */
export interface ReadFile {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly crc32: number;
}

/** The reason why a file was not read: a system error, a change since the measurement, or content that does not match its size. */
export type ReadProblem = SystemError | Replaced | "changed" | "size mismatch";

interface ReadRequest {
  /** The name of the file in its folder. */
  readonly read: string;
  readonly place: Place;
  readonly expected: FileIdentity;
  readonly memory: SharedArrayBuffer;
  readonly length: number;
}

/** Hashes the next section of an open file. */
interface HashRequest {
  /** Identifies the file: the thread hashes several files concurrently. */
  readonly hash: number;
  readonly fd: number;
  readonly offset: number;
  readonly length: number;
}

/** Ends the hash of a file, complete or not. */
interface HashEndRequest {
  readonly end: number;
}

interface MeasureRequest {
  /** The names in the folder. */
  readonly measure: readonly string[];
  readonly place: Place;
  /** Whether to open each file to check that it is readable. */
  readonly open: boolean;
}

export type FileRequest =
  | ReadRequest
  | HashRequest
  | HashEndRequest
  | MeasureRequest
  | FolderRequest
  | ListRequest
  | ResolveRequest;

/** The measurement, or the reason why there is none. */
export type Measured = FileFacts | { readonly problem: SystemError | Replaced };

export interface FileAnswer extends ThreadAnswer {
  readonly file?: ReadFile;
  readonly problem?: ReadProblem | undefined;
  readonly measured?: readonly Measured[];
  /** The CRC32 of a section. */
  readonly crc32?: number;
  /** The SHA-256 of a hashed file, lower-case hex. */
  readonly sha256?: string;
  readonly opened?: OpenedFolder | undefined;
  readonly names?: PackedNames | undefined;
  /** The measurements of the first names, if requested. */
  readonly firstMeasured?: readonly (Measured | undefined)[];
  readonly resolved?: readonly (Resolved | Replaced)[];
}

/** The number of times that a file is read if its attributes change during the read. */
export const MOST_READINGS = 3;

/**
 * The thread's program. It uses only its parameters. It keeps its functions in an object, because a bundler may wrap other named
 * functions with a helper that the thread does not have.
 */
export function serveFiles(
  fs: typeof import("node:fs"),
  crypto: typeof import("node:crypto"),
  zlib: typeof import("node:zlib"),
  { parentPort }: Pick<typeof import("node:worker_threads"), "parentPort">,
  onFolders: ReturnType<typeof serveFolders>,
  mostReadings: number,
): void {
  // Without O_NONBLOCK, a pipe that replaced the file would block the opening forever.
  const flags = fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOFOLLOW;
  const maxCopiedBytes = 16 * 1024;
  const hashes = new Map<number, import("node:crypto").Hash>();
  // A small buffer stays in the processor's cache for the read and both checksums.
  const piece = new Uint8Array(256 * 1024);
  const work = {
    isSame(found: FileIdentity, expected: FileIdentity): boolean {
      return (
        found.size === expected.size && found.mtimeMs === expected.mtimeMs && work.isOne(found, expected)
      );
    },

    /** Whether both are one inode. */
    isOne(found: FileIdentity, expected: FileIdentity): boolean {
      return found.ino === expected.ino && found.dev === expected.dev;
    },

    read({ read: name, place, expected, memory, length }: ReadRequest): Omit<FileAnswer, "id"> {
      let fd: number;
      try {
        fd = fs.openSync(onFolders.pathIn(place, name), flags);
      } catch (error) {
        return { problem: onFolders.isReplacement(error) ? "replaced" : onFolders.problemOf(error) };
      }
      try {
        let found = fs.fstatSync(fd);
        const isOther = !found.isFile() || !work.isOne(found, expected);
        if (isOther || !onFolders.isThere(place, name, found)) return { problem: "replaced" };
        const bytes = new Uint8Array(memory, 0, length);
        for (let reading = 1; reading <= mostReadings; reading++) {
          if (!work.isSame(found, expected)) return { problem: "changed" };
          for (let filled = 0; filled < length; ) {
            const count = fs.readSync(fd, bytes, filled, length - filled, filled);
            if (count === 0) break;
            filled += count;
          }
          const hasSizeMismatch = !work.endsAt(fd, length);
          const after = fs.fstatSync(fd);
          if (!work.isSame(after, expected)) return { problem: "changed" };
          if (hasSizeMismatch) return { problem: "size mismatch" };
          if (after.ctimeMs === found.ctimeMs) {
            return { file: { sha256: crypto.hash("sha256", bytes), crc32: zlib.crc32(bytes) } };
          }
          // Size and mtime are equal, but a process may have written to the file and restored both.
          found = after;
        }
        return { problem: "changed" };
      } catch (error) {
        return { problem: onFolders.problemOf(error) };
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
        return { problem: onFolders.problemOf(error) };
      }
    },

    end(sequence: number): Omit<FileAnswer, "id"> {
      const hash = hashes.get(sequence) ?? crypto.createHash("sha256");
      hashes.delete(sequence);
      return { sha256: hash.digest("hex") };
    },

    measure(place: Place, name: string, open: boolean): Measured {
      const path = onFolders.pathIn(place, name);
      try {
        const { size, blocks, mode, uid, mtimeMs, ctimeMs, ino, dev } = fs.lstatSync(path);
        const facts = { size, mode, uid, mtimeMs, ctimeMs, ino, dev };
        if (!open || (mode & fs.constants.S_IFMT) !== fs.constants.S_IFREG) return facts;
        try {
          const fd = fs.openSync(path, flags);
          try {
            if (!work.isOne(fs.fstatSync(fd), facts)) return { problem: "replaced" };
            if (!onFolders.isThere(place, name, facts)) return { problem: "replaced" };
            // A file without blocks on the disk is empty, sparse, or generated on each read, as in /proc.
            return blocks === 0 && !work.endsAt(fd, size) ? { ...facts, hasSizeMismatch: true } : facts;
          } finally {
            fs.closeSync(fd);
          }
        } catch (error) {
          if (onFolders.isReplacement(error)) return { problem: "replaced" };
          return { ...facts, refusal: onFolders.problemOf(error) };
        }
      } catch (error) {
        return { problem: onFolders.problemOf(error) };
      }
    },

    measureAll({ measure: names, place, open }: MeasureRequest): Omit<FileAnswer, "id"> {
      const measured = names.map((name) => work.measure(place, name, open));
      return onFolders.isThere(place)
        ? { measured }
        : { measured: names.map(() => ({ problem: "replaced" })) };
    },

    /** Adds the measurements of the first names, which saves a message for a small folder. */
    withMeasured(answer: OpenAnswer, base: string, listing: Listing): Omit<FileAnswer, "id"> {
      const { names } = answer;
      const { measure = 0, followLinks, open = false } = listing;
      if (names === undefined || measure === 0) return answer;
      const measured = Array.from(names.order.subarray(0, measure), (index): Measured | undefined => {
        const kind = names.kinds[index] ?? 0;
        if (kind !== fs.constants.S_IFREG >> 12 && (followLinks || kind !== fs.constants.S_IFLNK >> 12)) {
          return undefined;
        }
        const name = names.bytes.subarray(index === 0 ? 0 : names.ends[index - 1], names.ends[index]);
        return work.measure({ base }, Buffer.from(name).toString(), open);
      });
      return { ...answer, firstMeasured: measured };
    },

    answer(request: FileRequest): Omit<FileAnswer, "id"> {
      if ("read" in request) return work.read(request);
      if ("hash" in request) return work.hash(request);
      if ("end" in request) return work.end(request.end);
      if ("folder" in request) {
        const answer = onFolders.open(request);
        const { fd } = answer.opened ?? {};
        // Without a descriptor, `measureAll` measures the files later, and checks their folder each time.
        return fd === undefined
          ? answer
          : work.withMeasured(answer, `/proc/self/fd/${fd}`, request.listing ?? { followLinks: false });
      }
      if ("list" in request) return onFolders.list(request);
      if ("resolve" in request)
        return { resolved: request.resolve.map((name) => onFolders.resolve(request, name)) };
      return work.measureAll(request);
    },
  };
  parentPort?.on("message", (request: { readonly id: number } & FileRequest) => {
    const { id } = request;
    try {
      const answer = work.answer(request);
      const { names } = answer;
      // A copy of a few names costs less than the transfer of their memory.
      const transferred =
        names === undefined || names.bytes.length < maxCopiedBytes
          ? []
          : [names.bytes, names.ends, names.kinds, names.order];
      parentPort.postMessage(
        { id, ...answer },
        transferred.map((array) => array.buffer as ArrayBuffer),
      );
    } catch (error) {
      parentPort.postMessage({ id, error: String(error) });
    }
  });
}

const FOR_FOLDERS = { toFolder: TO_FOLDER, maxLinks: MAX_LINKS };
const onFolders = `(${serveFolders})(require("node:fs"), ${JSON.stringify(FOR_FOLDERS)})`;

export const FILE_THREAD_PROGRAM = `(${serveFiles})(require("node:fs"), require("node:crypto"), require("node:zlib"), require("node:worker_threads"), ${onFolders}, ${MOST_READINGS})`;
