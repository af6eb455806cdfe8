import { encodeKey } from "./encoding.ts";
import type { FastRequest } from "./requests.ts";
import type { Route } from "./routes.ts";
import { type SigningScope, signedHeaders } from "./signing.ts";

type Credentials = Pick<SigningScope, "accessKeyId" | "secretAccessKey" | "sessionToken">;

/** What of a request goes over the wire before its body. */
export interface SignedRequest {
  /** With the query. */
  readonly path: string;
  /** Each name followed by its value. */
  readonly headers: string[];
}

/** The request as it is sent on a route, signed at the time `now`. */
export function signRequest(
  { method, key, query, headers }: Pick<FastRequest, "method" | "key" | "query" | "headers">,
  { prefix, host, region, service }: Pick<Route, "prefix" | "host" | "region" | "service">,
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
  now: Date,
): SignedRequest {
  const path = prefix + encodeKey(key);
  const signable = { method, path, query, headers: { ...headers, host } };
  const scope = { accessKeyId, secretAccessKey, sessionToken, region, service };
  return {
    path: query === "" ? path : `${path}?${query}`,
    headers: signedHeaders(signable, scope, now),
  };
}
