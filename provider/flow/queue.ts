import { AbortCallbacks } from "./abort-callbacks.ts";

interface Waiter<Request, Result> {
  readonly request: Request;
  readonly resolve: (result: Result) => void;
}

/** Requests that wait until they are served, in order of arrival, so that small ones do not starve a large one. */
export class Queue<Request, Result extends object | true> {
  readonly #waiting: Waiter<Request, Result>[] = [];
  readonly #aborts = new AbortCallbacks();
  readonly #serve: (request: Request) => Result | undefined;

  /** @param serve the result for the first request; undefined if it has to wait */
  constructor(serve: (request: Request) => Result | undefined) {
    this.#serve = serve;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** @throws the signal's reason if the signal aborts before the request is served */
  wait(request: Request, signal: AbortSignal): Promise<Result> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal.reason);
        this.serve();
      };
      const waiter: Waiter<Request, Result> = {
        request,
        resolve: (result) => {
          this.#aborts.delete(signal, abort);
          resolve(result);
        },
      };
      this.#aborts.add(signal, abort);
      this.#waiting.push(waiter);
    });
  }

  /** Serves all requests that need not wait any longer. */
  serve(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const result = this.#serve(first.request);
      if (result === undefined) return;
      this.#waiting.shift();
      first.resolve(result);
    }
  }
}
