import type { Connection } from "./connection.ts";
import type { HttpProxy } from "./proxy.ts";
import {
  directHandler,
  type HandlerOptions,
  type RequestHandler,
  type Server,
  urlOf,
} from "./request-handler.ts";

/** The transport of requests, with the proxies and certificate authorities of a {@link Connection}. */
export interface Transport {
  handler(options: HandlerOptions): RequestHandler;
  /** The authorities for server certificates; undefined for Node's own. */
  readonly ca: readonly string[] | undefined;
  /** The proxy of a server; undefined for a direct connection. */
  proxyOf(server: Server): HttpProxy | undefined;
}

/** Without proxies, with Node's own authorities. */
export const DIRECT: Transport = transport(undefined);

/** The proxy libraries are loaded only if a proxy is set. */
export async function transportOf({ proxies, authorities }: Connection): Promise<Transport> {
  const ca = authorities?.certificates;
  if (!proxies.isSet) return ca === undefined ? DIRECT : transport(ca);
  const { ProxyingHandler } = await import("./proxying-handler.ts");
  return {
    ca,
    handler: (options) => new ProxyingHandler(proxies, options, ca),
    proxyOf: (server) => proxies.of(urlOf(server)),
  };
}

function transport(ca: readonly string[] | undefined): Transport {
  return { ca, handler: (options) => directHandler(options, ca), proxyOf: () => undefined };
}
