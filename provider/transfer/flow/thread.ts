import { Worker } from "node:worker_threads";

/** What every answer of a thread has: whose it is, and what went wrong where something did. */
export interface ThreadAnswer {
  readonly id: number;
  readonly error?: string;
}

/** A thread's program is small, and so is what it has in mind. Typed arrays do not count. */
const LIMITS = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 };

interface Waiter<A> {
  /** On the clock of `performance.now()`. */
  readonly since: number;
  resolve(answer: A): void;
  reject(error: Error): void;
}

/**
 * A thread that answers questions, each told apart by a number, in any order. Its program is sent to it as text, so that it
 * needs no file beside the bundle.
 */
export class TaskThread<Q extends object, A extends ThreadAnswer> {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiter<A>>();
  #lastId = 0;
  #failure: Error | undefined;

  /**
   * @param name of what the thread does, such as `hashing`
   * @param program answers each message by one with the same `id`
   * @param onEnd called when the thread has ended and can do no more
   */
  constructor(name: string, program: string, onEnd: () => void) {
    // The bundler marks inner functions with their names (keepNames) by a helper of the bundle, which the text does not bring.
    this.#worker = new Worker(`const __name = (work) => work;\n${program}`, {
      ...{ eval: true, name, execArgv: [], resourceLimits: LIMITS },
      // The main thread closes descriptors that a thread opened: the thread's end must not close others of the same number.
      trackUnmanagedFds: false,
    });
    this.#worker.unref();
    const fail = (error: Error): void => {
      // An error is followed by the exit.
      if (this.#failure !== undefined) return;
      this.#failure = error;
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
      onEnd();
    };
    this.#worker.on("error", (cause: Error) =>
      fail(new Error(`the ${name} thread failed: ${cause.message}`, { cause })),
    );
    this.#worker.on("exit", (code) => fail(new Error(`the ${name} thread ended (${code})`)));
    this.#worker.on("message", (answer: A) => {
      const waiter = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      // The process may end when nothing is being done.
      if (this.#waiting.size === 0) this.#worker.unref();
      if (answer.error === undefined) waiter?.resolve(answer);
      else waiter?.reject(new Error(`${name} failed: ${answer.error}`));
    });
  }

  /** Questions that are not answered yet. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** Milliseconds for which the longest of them has waited. */
  get waited(): number {
    for (const { since } of this.#waiting.values()) return performance.now() - since;
    return 0;
  }

  ask(question: Q): Promise<A> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#lastId += 1;
      if (this.#waiting.size === 0) this.#worker.ref();
      this.#waiting.set(this.#lastId, { since: performance.now(), resolve, reject });
      this.#worker.postMessage({ ...question, id: this.#lastId });
    });
  }
}
