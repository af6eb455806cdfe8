import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** One execution of a sweep's command. */
export interface Execution {
  readonly index: number;
  readonly attempt: number;
}

/**
 * Shows when the command of a test's sweep runs: the command requests this server before it ends. The response can be held, so that
 * an index is certainly running.
 */
export class CommandServer {
  readonly executions: Execution[] = [];
  readonly #server: Server;
  readonly #held = new Map<string, () => void>();

  private constructor(hold: (execution: Execution) => boolean) {
    this.#server = createServer((request, response) => {
      const [, index, attempt] = /^\/(\d+)\/(\d+)$/.exec(request.url ?? "") ?? [];
      const execution = { index: Number(index), attempt: Number(attempt) };
      this.executions.push(execution);
      if (hold(execution)) this.#held.set(nameOf(execution), () => response.end("go on\n"));
      else response.end("go on\n");
    });
  }

  /** @param hold executions that wait until they are released */
  static async start(hold: (execution: Execution) => boolean): Promise<CommandServer> {
    const made = new CommandServer(hold);
    await new Promise<void>((resolve) => made.#server.listen(0, "127.0.0.1", resolve));
    return made;
  }

  /** Shell code that sends the request and waits for the response. */
  get command(): string {
    const url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/$SWEEP_INDEX/$SWEEP_ATTEMPT`;
    return `if command -v curl >/dev/null; then curl -fsS --noproxy '*' "${url}"; else wget -qO - --no-proxy "${url}"; fi`;
  }

  has({ index, attempt }: Execution): boolean {
    return this.executions.some((one) => one.index === index && one.attempt === attempt);
  }

  letGo(execution: Execution): void {
    this.#held.get(nameOf(execution))?.();
    this.#held.delete(nameOf(execution));
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

const nameOf = ({ index, attempt }: Execution): string => `${index}/${attempt}`;
