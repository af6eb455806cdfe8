import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** The effect of a rule on a request: an error with this status and S3 code, or no response at all. Undefined: the server receives it. */
type Ruling = { readonly status: number; readonly code: string } | "silence" | undefined;

export interface RuleServer {
  readonly endpoint: string;
  /** Method and path with query of each request, in their order. */
  readonly seen: string[];
  /** Judges each request; replace it at any time. */
  rule: (method: string, path: string) => Ruling;
  stop(): Promise<void>;
}

/** A proxy in front of an S3 server that verifies no signatures: it counts requests and refuses those that a test chooses. */
export async function startRuleServer(behind: string): Promise<RuleServer> {
  const { hostname, port } = new URL(behind);
  const server = createServer((asked, answer) => {
    const { method = "", url = "", headers } = asked;
    self.seen.push(`${method} ${url}`);
    const ruling = self.rule(method, url);
    if (ruling === "silence") return;
    if (ruling !== undefined) {
      answer.writeHead(ruling.status, { "content-type": "application/xml" });
      answer.end(method === "HEAD" ? "" : `<Error><Code>${ruling.code}</Code><Message>no</Message></Error>`);
      return;
    }
    const onward = request({ hostname, port, method, path: url, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    asked.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const self: RuleServer = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    rule: () => undefined,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  return self;
}
