import { InputError } from "../staging/errors.ts";
import { isExcepted, isLoopback } from "./no-proxy.ts";
import type { VariableChanges, Variables } from "./variables.ts";

/** A proxy, and the variable that names it. */
export interface HttpProxy {
  readonly url: URL;
  readonly variable: string;
}

/** The proxy settings of all connections. */
export interface ProxySettings {
  /** Whether any proxy is set. */
  readonly isSet: boolean;
  /** The proxy for an `https:` or `http:` URL; undefined for a direct connection. */
  of(url: URL): HttpProxy | undefined;
}

export const NO_PROXIES: ProxySettings = { isSet: false, of: () => undefined };

/** Hosts of this machine, in the form of NO_PROXY. */
const LOOPBACK = ["localhost", "127.0.0.1", "::1"] as const;

/** Removes user and password from an address in a text. */
export const withoutCredentials = (text: string): string => text.replace(/\/\/\S*@/, "//***@");

/** Both spellings; the lower-case one takes precedence, as in the AWS CLI and curl. */
const SPELLINGS = {
  https: ["https_proxy", "HTTPS_PROXY"],
  http: ["http_proxy", "HTTP_PROXY"],
  none: ["no_proxy", "NO_PROXY"],
} as const;

/** The variables that name a proxy. */
export const PROXY_VARIABLES: ReadonlySet<string> = new Set([...SPELLINGS.https, ...SPELLINGS.http]);

/**
 * The proxies in the variables, by the rules of the AWS CLI: HTTPS_PROXY for `https:`, HTTP_PROXY for `http:`, except
 * for hosts in NO_PROXY. Connections to this machine never use a proxy. ALL_PROXY is not read.
 * @throws InputError that names the variable, if its value is not the URL of an HTTP proxy
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
 * The changes that make all parts of a process use the same proxies: both spellings get the same value, and NO_PROXY
 * gets this machine. gRPC between the engine and its plugins reads these variables without that exception.
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
  // curl accepts an asterisk only as the whole value.
  if (none.trim() !== "*") for (const name of SPELLINGS.none) changes[name] = withLoopback(none);
  changes["no_grpc_proxy"] = withLoopback(env["no_grpc_proxy"] || none);
  return changes;
}

function withLoopback(list: string): string {
  const items = list.split(/[\s,]+/).filter((item) => item !== "");
  return [...items, ...LOOPBACK.filter((host) => !items.includes(host))].join(",");
}

/** The `proxy-authorization` header for a proxy with a login. */
export function authorizationFor({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(login).toString("base64")}`;
}

/** The proxy's URL without the password. */
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
