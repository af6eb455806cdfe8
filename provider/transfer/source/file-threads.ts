import { TaskThread } from "../../flow/thread.ts";
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
 * Threads access files with blocking calls: one message replaces five jobs of Node's thread pool, which use three times as much CPU
 * time. The limit equals the size of Node's pool, so that a slow file system gets the same number of concurrent requests.
 */
const MAX_THREADS = 4;
/**
 * Start another thread if a request waits this long. Each thread takes 10 MiB, and the wake-up of an idle thread costs as much as a
 * small file.
 */
const LONG_WAIT_MS = 100;

type FileThread = TaskThread<FileRequest, FileAnswer>;

export interface Listed extends ListAnswer {
  /** The measurements of the first names, if requested and available. */
  readonly firstMeasured?: readonly (Measured | undefined)[] | undefined;
}

interface Opened extends OpenAnswer, Listed {}

/** Threads that measure, read and hash local files. They start with the first use. */
export class FileThreads {
  readonly #threads = new Set<FileThread>();
  #lastSequence = 0;

  /**
   * Reads and hashes a whole file, which must be the measured one.
   * @param bytes the destination, as long as the file, at the start of shared memory
   */
  async readWholeFile(
    place: Place,
    name: string,
    expected: FileIdentity,
    bytes: Uint8Array,
  ): Promise<ReadFile | ReadProblem> {
    const { buffer: memory, byteOffset, length } = bytes;
    if (!(memory instanceof SharedArrayBuffer) || byteOffset !== 0) {
      throw new Error("only the beginning of shared memory can be read into");
    }
    const { file, problem } = await this.#leastBusy().ask({ read: name, place, expected, memory, length });
    const result = file ?? problem;
    if (result === undefined) throw new Error(`the thread did not read ${name}`);
    return result;
  }

  /**
   * Measures names in a folder, without following links, in the order of the names.
   * @param open whether to open regular files, to check that they can be read
   */
  async measureFiles(place: Place, names: readonly string[], open: boolean): Promise<readonly Measured[]> {
    const { measured } = await this.#leastBusy().ask({ measure: names, place, open });
    if (measured === undefined) throw new Error("the thread measured nothing");
    return measured;
  }

  /** Opens a folder without following a link, and lists it if requested. */
  openFolder(request: FolderRequest): Promise<Opened> {
    return this.#folderTask(request);
  }

  /** The names in a folder, sorted. */
  listFolder(place: Place, listing: Listing): Promise<Listed> {
    return this.#folderTask({ list: place, ...listing });
  }

  async #folderTask(request: FolderRequest | ListRequest): Promise<Opened> {
    const { opened, names, firstMeasured, problem } = await this.#leastBusy().ask(request);
    if (problem === "changed" || problem === "size mismatch") {
      throw new Error("the thread treated a folder as a file");
    }
    return { opened, names, firstMeasured, problem };
  }

  /** The targets of links, in the order of the names. */
  async resolveLinks(request: ResolveRequest): Promise<readonly (Resolved | Replaced)[]> {
    const { resolved } = await this.#leastBusy().ask(request);
    if (resolved === undefined) throw new Error("the thread resolved nothing");
    return resolved;
  }

  /** Starts to hash an open file in one thread. @param fd stays open until {@link FileHash.end} settles */
  hash(fd: number): FileHash {
    this.#lastSequence += 1;
    return new FileHash(this.#leastBusy(), this.#lastSequence, fd);
  }

  /** Starts another thread if the oldest request waits too long. A thread that ended is replaced. */
  #leastBusy(): FileThread {
    const threads = this.#threads;
    let best: FileThread | undefined;
    for (const thread of threads) if (best === undefined || thread.pending < best.pending) best = thread;
    if (best !== undefined && (best.waited < LONG_WAIT_MS || threads.size >= MAX_THREADS)) return best;
    const thread: FileThread = new TaskThread("file", FILE_THREAD_PROGRAM, () => threads.delete(thread));
    threads.add(thread);
    return thread;
  }
}

/** Checksums of the sections of an open file, in order from its start. One thread reads all sections. */
class FileHash {
  readonly #thread: FileThread;
  readonly #sequence: number;
  readonly #fd: number;
  #settled: Promise<unknown> = Promise.resolve();

  constructor(thread: FileThread, sequence: number, fd: number) {
    this.#thread = thread;
    this.#sequence = sequence;
    this.#fd = fd;
  }

  /** The CRC32 of the next section. The thread hashes sections in the order of the calls. */
  async add(offset: number, length: number): Promise<number | ReadProblem> {
    const response = this.#thread.ask({ hash: this.#sequence, fd: this.#fd, offset, length });
    this.#settled = response.catch(() => undefined); // the caller gets the error
    const { crc32, problem } = await response;
    const result = problem ?? crc32;
    if (result === undefined) throw new Error("the thread returned no checksum");
    return result;
  }

  /**
   * The SHA-256 of all sections, lower-case hex. Call it in any case: afterwards the thread no longer uses the file.
   * @throws Error if the thread failed
   */
  async end(): Promise<string> {
    await this.#settled;
    const { sha256 } = await this.#thread.ask({ end: this.#sequence });
    if (sha256 === undefined) throw new Error("the thread returned no digest");
    return sha256;
  }
}
