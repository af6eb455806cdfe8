import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { PART_NAMES, type PartEvent, type PartName, type Problem } from "../../../dashboard/snapshot.ts";
import { isRegionList } from "../../../staging/regions.ts";
import { isSweepId } from "../../../staging/sweep/id.ts";
import type { Attempt, Details } from "./details.ts";
import type { Polling } from "./polling.ts";

/** The page's document, and its content security policy. */
export interface Page {
  readonly html: string;
  readonly policy: string;
}

interface DashboardDeps {
  readonly page: Page;
  readonly polling: Polling;
  readonly details: Details;
  readonly explain: (error: unknown) => Problem;
}

export interface RunningDashboard {
  /** The address of the page, with its token. */
  readonly url: string;
  /** Tells the open pages about the end, and closes all connections. */
  close(): Promise<void>;
}

const HOST = "127.0.0.1";
/**
 * Names of this machine. A page of another site that resolves its own name to 127.0.0.1 (DNS rebinding) sends that name. The port is
 * not compared, so that the dashboard works through an SSH tunnel.
 */
const HOST_NAMES = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i;

/**
 * Serves the dashboard on 127.0.0.1, on a free port. Every path begins with a random token, because other users of this machine can
 * connect, too. It serves only reads.
 */
export async function serveDashboard(deps: DashboardDeps): Promise<RunningDashboard> {
  const token = randomBytes(32).toString("base64url");
  const streams = new Set<EventStream>();
  const server = createServer((request, response) => {
    answer(request, response, { ...deps, token, streams }).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendJson(response, 502, { error: deps.explain(error) });
    });
  });
  server.listen(0, HOST);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${HOST}:${port}/${token}/`,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      for (const stream of streams) stream.end();
      // For a page that does not read.
      const last = setTimeout(() => server.closeAllConnections(), 500);
      await closed;
      clearTimeout(last);
    },
  };
}

interface Serving extends DashboardDeps {
  readonly token: string;
  readonly streams: Set<EventStream>;
}

async function answer(request: IncomingMessage, response: ServerResponse, serving: Serving): Promise<void> {
  for (const [name, value] of Object.entries(headersOf(serving.page.policy))) response.setHeader(name, value);
  const { method = "", url = "", headers } = request;
  if (!HOST_NAMES.test(headers.host ?? "")) return sendText(response, 421, "Wrong Host header.");
  if (method !== "GET" && method !== "HEAD") {
    response.setHeader("Allow", "GET, HEAD");
    return sendText(response, 405, "The dashboard is read-only.");
  }
  const [, token = "", ...rest] = (url.split("?")[0] ?? "").split("/");
  if (!isEqual(token, serving.token))
    return sendText(response, 403, "Open the address that spawn dashboard printed.");
  await route(rest, request, response, serving);
}

async function route(
  path: readonly string[],
  request: IncomingMessage,
  response: ServerResponse,
  { page, polling, details, streams }: Serving,
): Promise<void> {
  const [first, second = "", third] = path;
  if (path.length === 1 && first === "") return send(response, 200, "text/html; charset=utf-8", page.html);
  if (path.length === 1 && first === "events") {
    if (request.method === "HEAD") return send(response, 200, "text/event-stream", "");
    const stream = new EventStream(response, polling);
    streams.add(stream);
    response.once("close", () => streams.delete(stream));
    return;
  }
  if (first === "sweeps" && isSweepId(second)) {
    if (path.length === 3 && third === "failures")
      return sendJson(response, 200, await details.failures(second));
    const attempt = third === "logs" && path.length === 6 ? parseAttempt(path.slice(3)) : undefined;
    if (attempt !== undefined) {
      const log = await details.log(second, attempt);
      if (log !== undefined) return sendJson(response, 200, log);
      return sendJson(response, 404, { error: { message: "there is no log of this attempt (yet)" } });
    }
  }
  sendText(response, 404, "There is no such page.");
}

function parseAttempt([region = "", index = "", attempt = ""]: readonly string[]): Attempt | undefined {
  const regions = [region];
  if (!isRegionList(regions) || !/^(0|[1-9]\d{0,5})$/.test(index) || !/^[1-9]\d{0,8}$/.test(attempt))
    return undefined;
  return { region: regions[0], index: Number(index), attempt: Number(attempt) };
}

/** Compares in a time that does not depend on the position of the first difference. */
function isEqual(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => createHash("sha256").update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}

/** No CORS header: pages of other origins cannot read a response. */
const headersOf = (policy: string): Readonly<Record<string, string>> => ({
  "Content-Security-Policy": `${policy}; frame-ancestors 'none'`,
  "Cache-Control": "no-store",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
});

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(body) });
  response.end(response.req.method === "HEAD" ? undefined : body);
}

const sendText = (response: ServerResponse, status: number, text: string): void =>
  send(response, status, "text/plain; charset=utf-8", `${text}\n`);

const sendJson = (response: ServerResponse, status: number, body: unknown): void =>
  send(response, status, "application/json", JSON.stringify(body));

/** The events of one page. https://html.spec.whatwg.org/multipage/server-sent-events.html */
class EventStream {
  readonly #response: ServerResponse;
  readonly #polling: Polling;
  /** Parts that changed while the page did not read; it gets their last state. */
  readonly #waiting = new Set<PartName>();

  constructor(response: ServerResponse, polling: Polling) {
    this.#response = response;
    this.#polling = polling;
    response.writeHead(200, { "Content-Type": "text/event-stream", Connection: "close" });
    response.write("retry: 2000\n\n");
    for (const name of PART_NAMES) this.#send(polling.eventOf(name));
    const unsubscribe = polling.subscribe((event) => this.#send(event));
    response.once("close", unsubscribe);
    response.on("drain", () => {
      const names = [...this.#waiting];
      this.#waiting.clear();
      for (const name of names) this.#send(this.#polling.eventOf(name));
    });
  }

  #send(event: PartEvent): void {
    if (this.#response.writableNeedDrain) this.#waiting.add(event.name);
    else this.#response.write(`event: part\ndata: ${JSON.stringify(event)}\n\n`);
  }

  /** Reports the end of the program, so that the page does not try to reconnect. */
  end(): void {
    this.#response.end("event: end\ndata: end\n\n");
  }
}
