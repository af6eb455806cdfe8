import type { ClientRequest, IncomingMessage } from "node:http";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { HttpsProxyAgent } from "https-proxy-agent";
import { isNotReached } from "./errors/kinds.ts";
import { authorizationFor, type HttpProxy, type ProxySettings } from "./proxy.ts";
import { ProxyError } from "./proxy-error.ts";
import {
  agentSettings,
  directHandler,
  type HandlerOptions,
  type RequestHandler,
  urlOf,
} from "./request-handler.ts";

type Request = Parameters<NodeHttpHandler["handle"]>[0];
type Options = Parameters<NodeHttpHandler["handle"]>[1];
type Answer = ReturnType<NodeHttpHandler["handle"]>;

/** Sends each request through the proxy of its server, if it has one. */
export class ProxyingHandler implements RequestHandler {
  readonly metadata = { handlerProtocol: "http/1.1" };
  readonly #proxies: ProxySettings;
  readonly #options: HandlerOptions;
  readonly #ca: readonly string[] | undefined;
  readonly #direct: NodeHttpHandler;
  readonly #byProxy = new Map<string, NodeHttpHandler>();

  constructor(proxies: ProxySettings, options: HandlerOptions, ca: readonly string[] | undefined) {
    this.#proxies = proxies;
    this.#options = options;
    this.#ca = ca;
    this.#direct = directHandler(options, ca);
  }

  async handle(request: Request, options?: Options): Answer {
    const proxy = this.#proxies.of(urlOf(request));
    if (proxy === undefined) return this.#direct.handle(request, options);
    try {
      return request.protocol === "https:"
        ? await this.#tunnel(proxy).handle(request, options)
        : await this.#direct.handle(forwarded(request, proxy.url), options);
    } catch (error) {
      // With a proxy, nothing else is connected to.
      throw isNotReached(error) ? new ProxyError(proxy, { cause: error }) : error;
    }
  }

  /** Connections through a proxy to servers that speak TLS. */
  #tunnel(proxy: HttpProxy): NodeHttpHandler {
    const key = proxy.url.href;
    const known = this.#byProxy.get(key);
    if (known !== undefined) return known;
    const { maxSockets, noDelay, ...timeouts } = this.#options;
    const agent = new Tunnel(proxy.url, agentSettings({ maxSockets, noDelay }), this.#ca);
    // Otherwise the proxy's refusal would look like a response of AWS.
    agent.on("proxyConnect", ({ statusCode }: IncomingMessage, request: ClientRequest) => {
      if (statusCode !== 200) request.destroy(new ProxyError(proxy, { status: statusCode }));
    });
    const handler = new NodeHttpHandler({ ...timeouts, httpsAgent: agent });
    this.#byProxy.set(key, handler);
    return handler;
  }

  destroy(): void {
    this.#direct.destroy();
    for (const handler of this.#byProxy.values()) handler.destroy();
  }

  updateHttpClientConfig(...change: Parameters<NodeHttpHandler["updateHttpClientConfig"]>): void {
    this.#direct.updateHttpClientConfig(...change);
  }

  httpHandlerConfigs(): ReturnType<NodeHttpHandler["httpHandlerConfigs"]> {
    return this.#direct.httpHandlerConfigs();
  }
}

/** Both the proxy, if it uses TLS, and the server are checked against `ca`. */
class Tunnel extends HttpsProxyAgent<string> {
  readonly #tls: { readonly ca?: string[] };

  constructor(proxy: URL, options: object, ca: readonly string[] | undefined) {
    const tls = ca === undefined ? {} : { ca: [...ca] };
    super(proxy, { ...options, ...tls });
    this.#tls = tls;
  }

  override connect(...[request, options]: Parameters<HttpsProxyAgent<string>["connect"]>) {
    return super.connect(request, { ...options, ...this.#tls });
  }
}

/**
 * A plain HTTP request for a proxy: sent to the proxy, with the whole URL as path. It keeps its signed `host` header.
 */
function forwarded(request: Request, proxy: URL): Request {
  const copy = Object.assign(Object.create(Object.getPrototypeOf(request) as object) as Request, request);
  copy.path = `${urlOf(request).href.replace(/\/$/, "")}${request.path}`;
  copy.protocol = proxy.protocol;
  copy.hostname = proxy.hostname;
  if (proxy.port === "") delete copy.port;
  else copy.port = Number(proxy.port);
  copy.headers = { ...request.headers };
  const authorization = authorizationFor(proxy);
  if (authorization !== undefined) copy.headers["proxy-authorization"] = authorization;
  return copy;
}
