import type { Service } from "../../../connection/endpoints.ts";
import { DIRECT, type Transport } from "../../../connection/transport.ts";
import type { CallContext } from "../../../provider/plugin/types.ts";
import { type ClientSettings, clientSettings } from "./settings.ts";

/** One call of the engine, for the operations of a resource. */
export interface Call {
  readonly region: string;
  readonly context: CallContext;
  readonly server: Server;
}

/** The server of all calls. */
export class Server {
  readonly transport: Transport;
  readonly #warnings = new Set<string>();

  constructor(transport: Transport = DIRECT) {
    this.transport = transport;
  }

  callIn(region: string, context: CallContext): Call {
    return { region, context, server: this };
  }

  /** Shows a warning unless an earlier call has shown it. */
  warnOnce(context: CallContext, warning: string): void {
    if (this.#warnings.has(warning)) return;
    this.#warnings.add(warning);
    context.log("warning", warning);
  }
}

/** One value per endpoint, access key and region, made at its first use. */
export function perServer<T>(make: (call: Call) => T): (call: Call) => T {
  const made = new Map<string, T>();
  return (call) => {
    const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID } = process.env;
    const key = `${AWS_ENDPOINT_URL} ${AWS_ACCESS_KEY_ID} ${call.region}`;
    const value = made.get(key) ?? make(call);
    made.set(key, value);
    return value;
  };
}

interface AnyClient {
  send(command: never, options: { readonly abortSignal: AbortSignal }): unknown;
}

/**
 * The client of a service for one call: its requests end when the engine cancels the call.
 * @param make the client's constructor
 */
export function clientOf<C extends AnyClient>(service: Service, make: (settings: ClientSettings) => C) {
  const clientFor = perServer((call) => make(clientSettings(call.server.transport, service, call.region)));
  return (call: Call): C => {
    const client = clientFor(call);
    const send = (command: never) => client.send(command, { abortSignal: call.context.signal });
    return Object.create(client, { send: { value: send } });
  };
}
