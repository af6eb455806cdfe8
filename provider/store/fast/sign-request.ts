import type { Signer, SigningScope } from "../../../connection/signing.ts";
import { encodeKey } from "./encoding.ts";
import type { FastRequest } from "./requests.ts";
import type { Route } from "./routes.ts";

type Credentials = Pick<SigningScope, "accessKeyId" | "secretAccessKey" | "sessionToken">;

/** The signed part of a request, without its body. */
interface SignedRequest {
  /** With the query. */
  readonly path: string;
  /** Names and values alternate. */
  readonly headers: string[];
}

/** Signs a request for a route at the time `now`, and adds the route's host to its headers. */
export function signRequest(
  signer: Signer,
  { method, key, query, headers }: Pick<FastRequest, "method" | "key" | "query" | "headers">,
  { prefix, host, region, service }: Pick<Route, "prefix" | "host" | "region" | "service">,
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
  now: Date,
): SignedRequest {
  const path = prefix + encodeKey(key);
  headers["host"] = host;
  const scope = { accessKeyId, secretAccessKey, sessionToken, region, service };
  return {
    path: query === "" ? path : `${path}?${query}`,
    headers: signer.headers({ method, path, query, headers }, scope, now),
  };
}
