import type { Service } from "../../../connection/endpoints.ts";
import { DIRECT, type Transport } from "../../../connection/transport.ts";
import type { CallContext } from "../../../provider/plugin/types.ts";
import { type ClientSettings, clientSettings } from "./settings.ts";

/** One call of the engine, for the operations of a resource. */
export interface Call {
  readonly region: string;
  readonly context: CallContext;
  readonly server: Server;
  /** Second argument of every `client.send`: aborts the request when the engine cancels. */
  readonly http: { readonly abortSignal: AbortSignal };
}

/** The server of all calls. */
export class Server {
  readonly transport: Transport;
  readonly #warnings = new Set<string>();

  constructor(transport: Transport = DIRECT) {
    this.transport = transport;
  }

  callIn(region: string, context: CallContext): Call {
    return { region, context, server: this, http: { abortSignal: context.signal } };
  }

  /** Shows a warning unless an earlier call has shown it. */
  warnOnce(context: CallContext, warning: string): void {
    if (this.#warnings.has(warning)) return;
    this.#warnings.add(warning);
    context.log("warning", warning);
  }
}

/**
 * Gives a client its endpoint, access key and region, at its first use.
 * @param make the client's constructor
 */
export function clientOf<C>(service: Service, make: (settings: ClientSettings) => C): (call: Call) => C {
  const clients = new Map<string, C>();
  return (call) => {
    const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID } = process.env;
    const key = `${AWS_ENDPOINT_URL} ${AWS_ACCESS_KEY_ID} ${call.region}`;
    let client = clients.get(key);
    if (client === undefined) {
      client = make(clientSettings(call.server.transport, service, call.region));
      clients.set(key, client);
    }
    return client;
  };
}
