import { createHash } from "node:crypto";
import { type IncomingHttpHeaders, request } from "node:http";
import type { Keys } from "../../connection/connection.ts";
import { Signer } from "../../connection/signing.ts";

/** A request as it is sent, also in forms that no SDK sends. */
export interface Wire {
  readonly method?: string;
  /** Percent-encoded. */
  readonly path?: string;
  /** Percent-encoded and sorted. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** The request with the headers that sign it for `service`. */
export function signed(
  endpoint: string,
  keys: Keys,
  service: string,
  wire: Wire = {},
  region = "us-east-1",
): Wire {
  const { method = "GET", path = "/", query = "", body = "" } = wire;
  const headers = {
    host: new URL(endpoint).host,
    "x-amz-content-sha256": sha256(body),
    ...wire.headers,
  };
  const flat = new Signer().headers(
    { method, path, query, headers },
    { ...keys, region, service },
    new Date(),
  );
  const all: Record<string, string> = {};
  for (let at = 0; at < flat.length; at += 2) all[flat[at] ?? ""] = flat[at + 1] ?? "";
  return { method, path, query, headers: all, body };
}

/** Sends a request to the endpoint, whatever its Host header. */
export function send(endpoint: string, { method = "GET", path = "/", query = "", headers, body = "" }: Wire) {
  const { hostname, port } = new URL(endpoint);
  return new Promise<Answered>((resolve, reject) => {
    const sent = request(
      {
        ...{ hostname, port, method, agent: false },
        path: query === "" ? path : `${path}?${query}`,
        headers: { ...headers, "content-length": String(Buffer.byteLength(body)) },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        );
        response.on("error", reject);
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}
