import { TaskThread, type ThreadAnswer } from "../flow/thread.ts";

/**
 * SHA-256 in a thread of its own, for all files of the process: hashing takes as long as reading and sending together,
 * so it runs beside them. Bytes are handed over in shared memory and not copied.
 */

/** Bytes in shared memory, as a view of them travels between threads. */
interface HashedBytes {
  readonly memory: SharedArrayBuffer;
  readonly offset: number;
  readonly length: number;
}

interface HashRequest {
  /** Of the sequence of bytes that is hashed. */
  readonly sequence: number;
  /** What to do: take more bytes; end with the digest; forget all about it. */
  readonly step: HashedBytes | "end" | "forget";
}

interface HashAnswer extends ThreadAnswer {
  /** Lower-case hex, at the end. */
  readonly sha256?: string;
}

/**
 * The thread's program. It is sent to the thread as text, so that it needs no file beside the bundle: it must use
 * nothing but its parameters, and name no function.
 */
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

type HashThread = TaskThread<HashRequest, HashAnswer>;

let thread: HashThread | undefined;
let lastSequence = 0;

function currentThread(): HashThread {
  thread ??= new TaskThread("hashing", PROGRAM, () => {
    thread = undefined; // the next file gets a new one
  });
  return thread;
}

/** The SHA-256 of one sequence of bytes, computed in the thread. Use {@link end} or {@link forget} in any case. */
export class ThreadHash {
  readonly #thread: HashThread = currentThread();
  readonly #sequence = ++lastSequence;

  /**
   * Takes the next bytes, in the order of the calls. They must be in shared memory, and stay as they are until the
   * promise is settled.
   */
  async update(bytes: Uint8Array): Promise<void> {
    const { buffer, byteOffset: offset, byteLength: length } = bytes;
    if (!(buffer instanceof SharedArrayBuffer))
      throw new Error("only shared memory reaches the hashing thread");
    await this.#thread.ask({ sequence: this.#sequence, step: { memory: buffer, offset, length } });
  }

  /** Lower-case hex. @throws Error when the thread has failed */
  async end(): Promise<string> {
    const { sha256 } = await this.#thread.ask({ sequence: this.#sequence, step: "end" });
    if (sha256 === undefined) throw new Error("the hashing thread gave no digest");
    return sha256;
  }

  /** Resolves when the thread has let go of all bytes, whether it has failed or not. */
  async forget(): Promise<void> {
    await this.#thread.ask({ sequence: this.#sequence, step: "forget" }).catch(() => undefined); // a dead thread holds nothing
  }
}
