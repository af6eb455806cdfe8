import type { ThreadAnswer } from "../flow/thread.ts";
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
  TO_FOLDER,
  workOnFolders,
} from "./folder-thread-program.ts";

export type { SystemError } from "./folder-thread-program.ts";

/* What the threads are asked that work on files, what they answer, and the program that they run. */

/** What tells whether a file is the one that was measured. */
export interface FileIdentity {
  readonly size: number;
  readonly mtimeMs: number;
  /** Time of the last change of content or attributes: programs cannot set it. */
  readonly ctimeMs: number;
  readonly ino: number;
  readonly dev: number;
}

/** A file as `lstat` has it. */
export interface FileFacts extends FileIdentity {
  readonly mode: number;
  readonly uid: number;
  /** What the system says against reading the file, where that was tried. */
  readonly refusal?: SystemError;
  /** It holds more or less than its size says, as far as that was looked at. */
  readonly isMissized?: boolean;
}

/** A whole file in memory. */
export interface ReadFile {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly crc32: number;
}

/** Why a file was not read: the system refused, it is not (any more) the file that was measured, or its size is not true. */
export type ReadProblem = SystemError | Replaced | "changed" | "missized";

export interface ReadRequest {
  /** Name of the file in its folder. */
  readonly read: string;
  readonly place: Place;
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
  /** Names in the folder. */
  readonly measure: readonly string[];
  readonly place: Place;
  /** Whether each file is opened to see that it can be read. */
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

/** Facts, or why there are none. */
export type Measured = FileFacts | { readonly problem: SystemError | Replaced };

export interface FileAnswer extends ThreadAnswer {
  readonly file?: ReadFile;
  readonly problem?: ReadProblem;
  readonly measured?: readonly Measured[];
  /** Of a section. */
  readonly crc32?: number;
  /** Of a file that was hashed, lower-case hex. */
  readonly sha256?: string;
  readonly opened?: OpenedFolder;
  readonly names?: PackedNames;
  /** Of the first names, where that was asked for. */
  readonly firstMeasured?: readonly (Measured | undefined)[];
  readonly resolved?: readonly (Resolved | Replaced)[];
}

/** How often a small file is read that changes its attributes meanwhile. */
export const MOST_READINGS = 3;

/**
 * The thread's program: it must use nothing but its parameters, and keep its functions in an object, since a bundler may wrap
 * other named ones by a helper that the thread does not have.
 */
export function workOnFiles(
  fs: typeof import("node:fs"),
  crypto: typeof import("node:crypto"),
  zlib: typeof import("node:zlib"),
  { parentPort }: Pick<typeof import("node:worker_threads"), "parentPort">,
  onFolders: ReturnType<typeof workOnFolders>,
  mostReadings: number,
): void {
  // Without O_NONBLOCK, a pipe put in the file's place would block the opening for ever.
  const flags = fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOFOLLOW;
  const copied = 16 * 1024;
  const hashes = new Map<number, import("node:crypto").Hash>();
  // Small enough to stay in the processor's cache between reading and both checksums.
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
          const isMissized = !work.endsAt(fd, length);
          const after = fs.fstatSync(fd);
          if (!work.isSame(after, expected)) return { problem: "changed" };
          if (isMissized) return { problem: "missized" };
          if (after.ctimeMs === found.ctimeMs) {
            return { file: { sha256: crypto.hash("sha256", bytes), crc32: zlib.crc32(bytes) } };
          }
          // Its size and time are the same, which whoever wrote to it may have restored.
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
            // A file that takes no room on a disk is empty, sparse, or made while it is read, as those in /proc.
            return blocks === 0 && !work.endsAt(fd, size) ? { ...facts, isMissized: true } : facts;
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

    /** Adds what is known of the first names: for a small folder, that saves a message. */
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
        // Without a descriptor, the files are measured later, each time with a look at their folder.
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
      // A copy of a few names costs less than to hand over their memory.
      const given =
        names === undefined || names.bytes.length < copied
          ? []
          : [names.bytes, names.ends, names.kinds, names.order];
      parentPort.postMessage(
        { id, ...answer },
        given.map((array) => array.buffer as ArrayBuffer),
      );
    } catch (error) {
      parentPort.postMessage({ id, error: String(error) });
    }
  });
}

const FOR_FOLDERS = { toFolder: TO_FOLDER, maxLinks: MAX_LINKS };
const onFolders = `(${workOnFolders})(require("node:fs"), ${JSON.stringify(FOR_FOLDERS)})`;

export const FILE_THREAD_PROGRAM = `(${workOnFiles})(require("node:fs"), require("node:crypto"), require("node:zlib"), require("node:worker_threads"), ${onFolders}, ${MOST_READINGS})`;
