import { NodeHttpHandler, type NodeHttpHandlerOptions } from "@smithy/node-http-handler";
import { omitUndefined } from "../staging/omit.ts";

/** Options of an AWS SDK handler: timeouts, and settings of its agents. */
export interface HandlerOptions
  extends Pick<
    NodeHttpHandlerOptions,
    "connectionTimeout" | "socketTimeout" | "requestTimeout" | "throwOnRequestTimeout"
  > {
  readonly maxSockets?: number | undefined;
  readonly noDelay?: boolean | undefined;
}

export type RequestHandler = Pick<
  NodeHttpHandler,
  "metadata" | "handle" | "destroy" | "updateHttpClientConfig" | "httpHandlerConfigs"
>;

export const agentSettings = ({ maxSockets, noDelay }: Pick<HandlerOptions, "maxSockets" | "noDelay">) => ({
  keepAlive: true,
  ...omitUndefined({ maxSockets, noDelay }),
});

/** A handler that knows no proxy. */
export function directHandler(
  { maxSockets, noDelay, ...timeouts }: HandlerOptions,
  ca: readonly string[] | undefined,
): NodeHttpHandler {
  const agent = agentSettings({ maxSockets, noDelay });
  return new NodeHttpHandler({
    ...timeouts,
    httpAgent: agent,
    httpsAgent: { ...agent, ...(ca === undefined ? {} : { ca: [...ca] }) },
  });
}

/** The address of a server. */
export interface Server {
  /** `https:`, or `http:`. */
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
}

export function urlOf({ protocol, hostname, port }: Server): URL {
  const host = hostname.includes(":") && !hostname.startsWith("[") ? `[${hostname}]` : hostname;
  return new URL(`${protocol}//${host}${port === undefined ? "" : `:${port}`}`);
}
