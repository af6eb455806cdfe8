import { InputError } from "../staging/errors.ts";
import { isExcepted, isLoopback } from "./no-proxy.ts";
import type { VariableChanges, Variables } from "./variables.ts";

/** A proxy, and the variable that names it. */
export interface HttpProxy {
  readonly url: URL;
  readonly variable: string;
}

/** Which connections go through a proxy. */
export interface ProxySettings {
  /** Whether any proxy is set. */
  readonly isSet: boolean;
  /** The proxy for a URL, which may be `https:` or `http:`; undefined where the connection is direct. */
  of(url: URL): HttpProxy | undefined;
}

export const NO_PROXIES: ProxySettings = { isSet: false, of: () => undefined };

/** Hosts of this machine, as NO_PROXY names them. */
const LOOPBACK = ["localhost", "127.0.0.1", "::1"] as const;

/** A text with an address in it, for people: without its user and password. */
export const withoutCredentials = (text: string): string => text.replace(/\/\/\S*@/, "//***@");

/** Both spellings; the lower-case one goes first, as in the AWS CLI and curl. */
const SPELLINGS = {
  https: ["https_proxy", "HTTPS_PROXY"],
  http: ["http_proxy", "HTTP_PROXY"],
  none: ["no_proxy", "NO_PROXY"],
} as const;

/** The variables that name a proxy. */
export const PROXY_VARIABLES: ReadonlySet<string> = new Set([...SPELLINGS.https, ...SPELLINGS.http]);

/**
 * The proxies that the variables set, by the rules of the AWS CLI: HTTPS_PROXY for `https:`, HTTP_PROXY for `http:`,
 * except for the hosts of NO_PROXY. This machine is never reached through a proxy. ALL_PROXY is not read.
 * @throws InputError that names the variable, if its value is no URL of an HTTP proxy
 */
export function proxySettings(env: Variables): ProxySettings {
  const [https, http] = [proxyIn(env, SPELLINGS.https), proxyIn(env, SPELLINGS.http)];
  if (https === undefined && http === undefined) return NO_PROXIES;
  const none = valueIn(env, SPELLINGS.none)?.value ?? "";
  return {
    isSet: true,
    of(url) {
      const proxy = url.protocol === "https:" ? https : http;
      if (proxy === undefined || isLoopback(url.hostname)) return undefined;
      const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
      return isExcepted(none, { hostname: url.hostname, port }) ? undefined : proxy;
    },
  };
}

/**
 * What a process needs so that all of its parts read the same proxies: where both spellings are set, they agree. The engine
 * speaks gRPC with its plugins on this machine, and gRPC's own reading of these variables knows no such exception.
 */
export function proxyVariables(env: Variables): VariableChanges {
  const changes: Record<string, string> = {};
  const spellings = [SPELLINGS.https, SPELLINGS.http];
  for (const [lower, upper] of spellings) {
    if (env[lower]?.trim() && env[upper]?.trim()) changes[upper] = env[lower];
  }
  const isSet = spellings.some((names) => valueIn(env, names) !== undefined) || Boolean(env["grpc_proxy"]);
  if (!isSet) return {};
  const none = valueIn(env, SPELLINGS.none)?.value ?? "";
  // curl takes an asterisk only where it stands alone.
  if (none.trim() !== "*") for (const name of SPELLINGS.none) changes[name] = withLoopback(none);
  changes["no_grpc_proxy"] = withLoopback(env["no_grpc_proxy"] || none);
  return changes;
}

function withLoopback(list: string): string {
  const items = list.split(/[\s,]+/).filter((item) => item !== "");
  return [...items, ...LOOPBACK.filter((host) => !items.includes(host))].join(",");
}

/** The proxy's URL for people: without the password. */
export function shown({ url }: HttpProxy): string {
  const copy = new URL(url);
  if (copy.password !== "") copy.password = "***";
  return copy.href.replace(/\/$/, "");
}

function proxyIn(env: Variables, names: readonly string[]): HttpProxy | undefined {
  const found = valueIn(env, names);
  if (found === undefined) return undefined;
  const { value, variable } = found;
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === "" || !/^https?:$/.test(url.protocol)) {
    throw new InputError(`${variable} does not name a proxy that can be used`, {
      why: `Its value is ${JSON.stringify(withoutCredentials(value))}; an HTTP proxy is needed.`,
      fix: `Set it to the proxy's address, such as export ${variable}=http://proxy.example.com:3128, or unset ${variable}`,
    });
  }
  return { url, variable };
}

function valueIn(
  env: Variables,
  names: readonly string[],
): { readonly value: string; readonly variable: string } | undefined {
  for (const variable of names) {
    const value = env[variable]?.trim();
    if (value) return { value, variable };
  }
  return undefined;
}
