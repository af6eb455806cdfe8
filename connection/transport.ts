import type { Connection } from "./connection.ts";
import { directHandler, type HandlerOptions, type RequestHandler, urlOf } from "./request-handler.ts";

/** How requests leave this process: with the proxies and the certificate authorities of a {@link Connection}. */
export interface Transport {
  handler(options: HandlerOptions): RequestHandler;
  /** What server certificates are checked against; undefined for Node's own authorities. */
  readonly ca: readonly string[] | undefined;
  /** Whether a server is reached without a proxy. */
  isDirect(server: {
    readonly protocol: string;
    readonly hostname: string;
    readonly port?: number | undefined;
  }): boolean;
}

/** Without proxies, checked against Node's own authorities. */
export const DIRECT: Transport = transport(undefined);

/** The libraries for proxies are loaded only where one is set. */
export async function transportOf({ proxies, authorities }: Connection): Promise<Transport> {
  const ca = authorities?.certificates;
  if (!proxies.isSet) return ca === undefined ? DIRECT : transport(ca);
  const { ProxyingHandler } = await import("./proxying-handler.ts");
  return {
    ca,
    handler: (options) => new ProxyingHandler(proxies, options, ca),
    isDirect: (server) => proxies.of(urlOf(server)) === undefined,
  };
}

function transport(ca: readonly string[] | undefined): Transport {
  return { ca, handler: (options) => directHandler(options, ca), isDirect: () => true };
}
