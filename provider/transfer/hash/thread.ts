import { TaskThread, type ThreadAnswer } from "../../flow/thread.ts";

/*
 * One thread computes the SHA-256 of all data from S3: hashing takes as long as reading and sending together, so it runs in parallel.
 * The thread reads the bytes from shared memory.
 */

/** A view of shared memory, in the form that passes between threads. */
interface HashedBytes {
  readonly memory: SharedArrayBuffer;
  readonly offset: number;
  readonly length: number;
}

interface HashRequest {
  /** The sequence of bytes to which the step belongs. */
  readonly sequence: number;
  /** Adds bytes, ends with the digest, or discards the sequence. */
  readonly step: HashedBytes | "end" | "forget";
}

interface HashAnswer extends ThreadAnswer {
  /** Lower-case hex; only in the response to `end`. */
  readonly sha256?: string;
}

/** The thread's program. The thread gets it as text, so it may use only its parameters, and may not name a function. */
function hashInThread(
  crypto: typeof import("node:crypto"),
  { parentPort }: typeof import("node:worker_threads"),
): void {
  const hashes = new Map<number, import("node:crypto").Hash>();
  parentPort?.on("message", ({ id, sequence, step }: HashRequest & { readonly id: number }) => {
    try {
      const hash = hashes.get(sequence) ?? crypto.createHash("sha256");
      if (typeof step === "string") hashes.delete(sequence);
      else hashes.set(sequence, hash.update(new Uint8Array(step.memory, step.offset, step.length)));
      parentPort.postMessage(step === "end" ? { id, sha256: hash.digest("hex") } : { id });
    } catch (error) {
      parentPort.postMessage({ id, error: String(error) });
    }
  });
}

const PROGRAM = `(${hashInThread})(require("node:crypto"), require("node:worker_threads"))`;

/** Starts the thread with the first hash, and a new one if the thread has ended. */
export class HashThread {
  #thread: TaskThread<HashRequest, HashAnswer> | undefined;
  #lastSequence = 0;

  start(): ThreadHash {
    this.#thread ??= new TaskThread("hashing", PROGRAM, () => {
      this.#thread = undefined;
    });
    this.#lastSequence += 1;
    return new ThreadHash(this.#thread, this.#lastSequence);
  }
}

/** The SHA-256 of one sequence of bytes, computed in a thread. Call {@link end} or {@link forget} in any case. */
export class ThreadHash {
  readonly #thread: TaskThread<HashRequest, HashAnswer>;
  readonly #sequence: number;

  constructor(thread: TaskThread<HashRequest, HashAnswer>, sequence: number) {
    this.#thread = thread;
    this.#sequence = sequence;
  }

  /** Adds bytes, in the order of the calls. They must be in shared memory, and must not change until the promise settles. */
  async update(bytes: Uint8Array): Promise<void> {
    const { buffer, byteOffset: offset, byteLength: length } = bytes;
    if (!(buffer instanceof SharedArrayBuffer))
      throw new Error("only shared memory reaches the hashing thread");
    await this.#thread.ask({ sequence: this.#sequence, step: { memory: buffer, offset, length } });
  }

  /** The SHA-256, lower-case hex. @throws Error if the thread failed */
  async end(): Promise<string> {
    const { sha256 } = await this.#thread.ask({ sequence: this.#sequence, step: "end" });
    if (sha256 === undefined) throw new Error("the hashing thread gave no digest");
    return sha256;
  }

  /** Resolves when the thread no longer reads any bytes, even if it has failed. */
  async forget(): Promise<void> {
    await this.#thread.ask({ sequence: this.#sequence, step: "forget" }).catch(() => undefined); // a thread that ended reads nothing
  }
}
