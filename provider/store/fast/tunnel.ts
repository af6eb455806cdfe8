import { Socket } from "node:net";
import { buildConnector, Client } from "undici";
import { authorizationFor, type HttpProxy } from "../../../connection/proxy.ts";
import { ProxyError } from "../../../connection/proxy-error.ts";

interface TunnelOptions {
  /** Milliseconds for each step: the connection to the proxy, its response, and the server's TLS handshake. */
  readonly timeout: number;
  readonly keepAliveInitialDelay: number;
  /** The authorities for the certificates of the server, and of the proxy if it uses TLS. */
  readonly ca?: string[];
}

/** Connects to a server that speaks TLS through a proxy, by CONNECT. */
export function tunnelThrough(proxy: HttpProxy, options: TunnelOptions): buildConnector.connector {
  const connect = buildConnector(options);
  return (target, callback) => {
    const host = target.hostname.includes(":") ? `[${target.hostname}]` : target.hostname;
    openTunnel(proxy, `${host}:${target.port || 443}`, options).then(
      (httpSocket) => connect({ ...target, httpSocket }, callback),
      (error: Error) => callback(error, null),
    );
  };
}

/** @throws ProxyError if the proxy refuses */
async function openTunnel(proxy: HttpProxy, path: string, options: TunnelOptions): Promise<Socket> {
  const authorization = authorizationFor(proxy.url);
  const client = new Client(proxy.url.origin, {
    connect: options,
    headersTimeout: options.timeout,
  });
  try {
    const { statusCode, socket } = await client.connect({
      path,
      headers: {
        host: path,
        ...(authorization === undefined ? {} : { "proxy-authorization": authorization }),
      },
    });
    if (statusCode === 200 && socket instanceof Socket) return socket;
    socket.destroy();
    throw new ProxyError(proxy, { status: statusCode });
  } finally {
    // The socket no longer belongs to the client.
    void client.destroy();
  }
}
