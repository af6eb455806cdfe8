import { Worker } from "node:worker_threads";

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
  /** Counts the requests; the answer repeats it. */
  readonly id: number;
  /** Of the sequence of bytes that is hashed. */
  readonly sequence: number;
  /** What to do: take more bytes; end with the digest; forget all about it. */
  readonly step: HashedBytes | "end" | "forget";
}

interface HashAnswer {
  readonly id: number;
  /** Lower-case hex, at the end. */
  readonly sha256?: string;
  readonly error?: string;
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
  parentPort?.on("message", ({ id, sequence, step }: HashRequest) => {
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

interface Waiter {
  resolve(answer: HashAnswer): void;
  reject(error: Error): void;
}

/** One thread and what it was asked. */
export class HashThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiter>();
  #lastId = 0;
  #failure: Error | undefined;

  /** @param onEnd called when the thread has ended and can do no more */
  constructor(program: string, onEnd: () => void) {
    this.#worker = new Worker(program, { eval: true, name: "sha256", execArgv: [] });
    this.#worker.unref();
    const fail = (error: Error): void => {
      this.#failure = error;
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
      onEnd();
    };
    this.#worker.on("error", (cause: Error) =>
      fail(new Error(`the hashing thread failed: ${cause.message}`, { cause })),
    );
    this.#worker.on("exit", (code) => fail(this.#failure ?? new Error(`the hashing thread ended (${code})`)));
    this.#worker.on("message", (answer: HashAnswer) => {
      const waiter = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      // The process may end when nothing is being hashed.
      if (this.#waiting.size === 0) this.#worker.unref();
      if (answer.error === undefined) waiter?.resolve(answer);
      else waiter?.reject(new Error(`hashing failed: ${answer.error}`));
    });
  }

  ask(sequence: number, step: HashRequest["step"]): Promise<HashAnswer> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#lastId += 1;
      if (this.#waiting.size === 0) this.#worker.ref();
      this.#waiting.set(this.#lastId, { resolve, reject });
      this.#worker.postMessage({ id: this.#lastId, sequence, step } satisfies HashRequest);
    });
  }
}

let thread: HashThread | undefined;
let lastSequence = 0;

function currentThread(): HashThread {
  thread ??= new HashThread(PROGRAM, () => {
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
    await this.#thread.ask(this.#sequence, { memory: buffer, offset, length });
  }

  /** Lower-case hex. @throws Error when the thread has failed */
  async end(): Promise<string> {
    const { sha256 } = await this.#thread.ask(this.#sequence, "end");
    if (sha256 === undefined) throw new Error("the hashing thread gave no digest");
    return sha256;
  }

  /** Resolves when the thread has let go of all bytes, whether it has failed or not. */
  async forget(): Promise<void> {
    await this.#thread.ask(this.#sequence, "forget").catch(() => undefined); // a dead thread holds nothing
  }
}
