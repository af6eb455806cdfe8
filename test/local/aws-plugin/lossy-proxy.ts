import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";

export interface LossyProxy {
  readonly endpoint: string;
  /** Forwards the next request for which `matches` holds, and drops its response. */
  loseNext(matches: (request: IncomingMessage) => boolean): void;
  /** Calls `see` with each request before it is forwarded. */
  watch(see: (request: IncomingMessage) => void): void;
  /** The number of lost responses. */
  lost(): number;
  stop(): Promise<void>;
}

/** A proxy in front of an emulator that can drop a response: the write happens, and the client does not know. */
export async function startLossyProxy(target: string): Promise<LossyProxy> {
  let matches: ((request: IncomingMessage) => boolean) | undefined;
  let see: (request: IncomingMessage) => void = () => undefined;
  let lost = 0;
  const { hostname, port } = new URL(target);
  const server = createServer((incoming, outgoing) => {
    see(incoming);
    const lose = matches?.(incoming) === true;
    if (lose) matches = undefined;
    const { method, headers, url: path } = incoming;
    const forwarded = request({ hostname, port, method, path, headers }, (answer) => {
      if (lose) {
        lost += 1;
        answer.resume().on("end", () => incoming.socket.destroy());
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on("error", (error) => outgoing.destroy(error));
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    loseNext: (next) => {
      matches = next;
    },
    watch: (next) => {
      see = next;
    },
    lost: () => lost,
    stop: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}
