import type { Service } from "../../../connection/endpoints.ts";
import type { CallContext } from "../../../provider/plugin/types.ts";
import { type ClientSettings, clientSettings } from "./settings.ts";

/** One call of the engine, for the operations of a resource. */
export interface Call {
  readonly region: string;
  readonly context: CallContext;
  /** Second argument of every `client.send`: aborts the request when the engine cancels. */
  readonly http: { readonly abortSignal: AbortSignal };
}

export function callIn(region: string, context: CallContext): Call {
  return { region, context, http: { abortSignal: context.signal } };
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
      client = make(clientSettings(service, call.region));
      clients.set(key, client);
    }
    return client;
  };
}
