import { Worker } from "node:worker_threads";

/** The request's ID, and the error if it failed. */
export interface ThreadAnswer {
  readonly id: number;
  readonly error?: string;
}

/** The programs are small. Typed arrays do not count towards these limits. */
const LIMITS = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 };

interface Waiter<Answer> {
  /** On the clock of `performance.now()`. */
  readonly since: number;
  resolve(response: Answer): void;
  reject(error: Error): void;
}

/** A thread that responds to numbered requests in any order. It gets its program as text, so the bundle needs no second file. */
export class TaskThread<Request extends object, Answer extends ThreadAnswer> {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiter<Answer>>();
  #lastId = 0;
  #failure: Error | undefined;

  /**
   * @param name the thread's work, such as `hashing`
   * @param program responds to each message with a message that has the same `id`
   * @param onEnd called when the thread has ended
   */
  constructor(name: string, program: string, onEnd: () => void) {
    // The bundler's keepNames calls a helper for inner functions, which the text does not contain.
    this.#worker = new Worker(`const __name = (work) => work;\n${program}`, {
      ...{ eval: true, name, execArgv: [], resourceLimits: LIMITS },
      // The main thread closes descriptors that this thread opened. At its end, the thread must not close reused numbers.
      trackUnmanagedFds: false,
    });
    this.#worker.unref();
    const fail = (error: Error): void => {
      // An exit event follows an error event.
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
    this.#worker.on("message", (response: Answer) => {
      const waiter = this.#waiting.get(response.id);
      this.#waiting.delete(response.id);
      // An idle thread must not keep the process alive.
      if (this.#waiting.size === 0) this.#worker.unref();
      if (response.error === undefined) waiter?.resolve(response);
      else waiter?.reject(new Error(`${name} failed: ${response.error}`));
    });
  }

  /** Requests without a response. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** Milliseconds since the oldest of them. */
  get waited(): number {
    for (const { since } of this.#waiting.values()) return performance.now() - since;
    return 0;
  }

  ask(request: Request): Promise<Answer> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#lastId += 1;
      if (this.#waiting.size === 0) this.#worker.ref();
      this.#waiting.set(this.#lastId, { since: performance.now(), resolve, reject });
      this.#worker.postMessage({ ...request, id: this.#lastId });
    });
  }
}
