import { TaskThread } from "../flow/thread.ts";
import {
  FILE_THREAD_PROGRAM,
  type FileAnswer,
  type FileIdentity,
  type FileRequest,
  type Measured,
  type ReadFile,
  type ReadProblem,
} from "./file-thread-program.ts";
import type {
  FolderRequest,
  ListAnswer,
  Listing,
  ListRequest,
  OpenAnswer,
  Place,
  Replaced,
  Resolved,
  ResolveRequest,
} from "./folder-thread-program.ts";

/**
 * Files are looked at, read and hashed in threads, by calls that block: one message for what would be five jobs for
 * Node's own threads and cost three times as much CPU. As many threads at most as Node has for files, so that a slow file system
 * is asked for as many files at once.
 */
const MOST_THREADS = 4;
/**
 * Milliseconds that somebody waits before another thread is started. One that always has something to do need not be woken,
 * which costs as much as a small file, and each thread takes 10 MiB.
 */
const LONG_WAIT_MS = 100;

type FileThread = TaskThread<FileRequest, FileAnswer>;

const threads = new Set<FileThread>();

/** The one that has least to do. A thread that ended is replaced. */
function freeThread(): FileThread {
  let best: FileThread | undefined;
  for (const thread of threads) if (best === undefined || thread.pending < best.pending) best = thread;
  if (best !== undefined && (best.waited < LONG_WAIT_MS || threads.size >= MOST_THREADS)) return best;
  const thread: FileThread = new TaskThread("file", FILE_THREAD_PROGRAM, () => threads.delete(thread));
  threads.add(thread);
  return thread;
}

/**
 * Reads a whole file, which must be the one that was measured, and hashes it.
 * @param bytes is filled; in shared memory, at its beginning, as long as the file
 */
export async function readWholeFile(
  place: Place,
  name: string,
  expected: FileIdentity,
  bytes: Uint8Array,
): Promise<ReadFile | ReadProblem> {
  const { buffer: memory, byteOffset, length } = bytes;
  if (!(memory instanceof SharedArrayBuffer) || byteOffset !== 0) {
    throw new Error("only the beginning of shared memory can be read into");
  }
  const { file, problem } = await freeThread().ask({ read: name, place, expected, memory, length });
  const result = file ?? problem;
  if (result === undefined) throw new Error(`the thread said nothing of ${name}`);
  return result;
}

/**
 * Measures what is in a folder, without following links, in the order of the names.
 * @param open whether regular files are opened, too, to see that they can be read
 */
export async function measureFiles(
  place: Place,
  names: readonly string[],
  open: boolean,
): Promise<readonly Measured[]> {
  const { measured } = await freeThread().ask({ measure: names, place, open });
  if (measured === undefined) throw new Error("the thread measured nothing");
  return measured;
}

export interface Listed extends ListAnswer {
  /** Of the first names, where that was asked for and possible. */
  readonly firstMeasured?: readonly (Measured | undefined)[];
}

export interface Opened extends OpenAnswer, Listed {}

/** Opens a folder, without following a link, and lists it where that is wanted. */
export const openFolder = (request: FolderRequest): Promise<Opened> => folderTask(request);

/** The names in a folder, sorted. */
export const listFolder = (place: Place, listing: Listing): Promise<Listed> =>
  folderTask({ list: place, ...listing });

async function folderTask(request: FolderRequest | ListRequest): Promise<Opened> {
  const { opened, names, firstMeasured, problem } = await freeThread().ask(request);
  if (problem === "changed" || problem === "missized") {
    throw new Error("the thread took a folder for a file");
  }
  return {
    ...(opened === undefined ? {} : { opened }),
    ...(names === undefined ? {} : { names }),
    ...(firstMeasured === undefined ? {} : { firstMeasured }),
    ...(problem === undefined ? {} : { problem }),
  };
}

/** What links lead to, in the order of the names. */
export async function resolveLinks(request: ResolveRequest): Promise<readonly (Resolved | Replaced)[]> {
  const { resolved } = await freeThread().ask(request);
  if (resolved === undefined) throw new Error("the thread resolved nothing");
  return resolved;
}

let lastSequence = 0;

/** The checksums of an open file's sections, one after another from its start, by one thread that reads them. */
export class FileHash {
  readonly #fd: number;
  readonly #thread = freeThread();
  readonly #sequence = ++lastSequence;
  #answered: Promise<unknown> = Promise.resolve();

  /** @param fd of the file, which stays open until {@link end} is settled */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** The CRC32 of the next section; sections are hashed in the order of the calls. */
  async add(offset: number, length: number): Promise<number | ReadProblem> {
    const answer = this.#thread.ask({ hash: this.#sequence, fd: this.#fd, offset, length });
    this.#answered = answer.catch(() => undefined); // whoever asked is told
    const { crc32, problem } = await answer;
    const result = problem ?? crc32;
    if (result === undefined) throw new Error("the thread gave no checksum");
    return result;
  }

  /**
   * The SHA-256 of all sections, lower-case hex. Call it in any case: the thread has let go of the file then.
   * @throws Error when the thread has failed
   */
  async end(): Promise<string> {
    await this.#answered;
    const { sha256 } = await this.#thread.ask({ end: this.#sequence });
    if (sha256 === undefined) throw new Error("the thread gave no digest");
    return sha256;
  }
}
