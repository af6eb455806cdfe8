import { BlockList, isIP } from "node:net";

/** A server as a URL names it. */
interface Place {
  /** An IPv6 address may be in brackets. */
  readonly hostname: string;
  readonly port: number;
}

/** Whether a host is this machine: such connections never use a proxy. */
export function isLoopback(hostname: string): boolean {
  const host = withoutBrackets(hostname).toLowerCase().replace(/\.$/, "");
  if (host === "localhost" || host.endsWith(".localhost") || host === "::1") return true;
  if (isIP(host) === 4) return host.startsWith("127.");
  return /^::ffff:(127\.|7f[0-9a-f]{2}:)/.test(host);
}

/**
 * Whether NO_PROXY excludes a server. Items, separated by commas or spaces: `*`, a host, a domain (with or without a
 * leading `.` or `*.`) including its subdomains, an IP address, a range such as `10.0.0.0/8`. Each may have a port,
 * as `host:8443`.
 */
export function isExcepted(list: string, { hostname, port }: Place): boolean {
  const host = withoutBrackets(hostname).toLowerCase().replace(/\.$/, "");
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((item) => item !== "" && matches(item, host, port));
}

function matches(item: string, host: string, port: number): boolean {
  if (item === "*") return true;
  const { name, itemPort } = split(item);
  if (itemPort !== undefined && itemPort !== port) return false;
  if (name.includes("/")) return isInRange(name, host);
  if (isIP(host) !== 0) return isIP(name) !== 0 && isInRange(name, host);
  const domain = name.replace(/^\*?\./, "").replace(/\.$/, "");
  return domain !== "" && (host === domain || host.endsWith(`.${domain}`));
}

/** `[::1]:80`, `host:80`, or without a port. An IPv6 address without brackets has no port. */
function split(item: string): { name: string; itemPort: number | undefined } {
  const [, bracketed, host, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(item) ?? [];
  if (bracketed === undefined && host === undefined) return { name: item, itemPort: undefined };
  return { name: bracketed ?? host ?? "", itemPort: port === undefined ? undefined : Number(port) };
}

function isInRange(range: string, host: string): boolean {
  const [address = "", bits] = range.split("/");
  const [family, hostFamily] = [isIP(address), isIP(host)];
  if (family === 0 || hostFamily === 0) return false;
  const most = family === 4 ? 32 : 128;
  const prefix = bits === undefined ? most : Number(bits);
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > most) return false;
  const block = new BlockList();
  block.addSubnet(address, prefix, family === 4 ? "ipv4" : "ipv6");
  return block.check(host, hostFamily === 4 ? "ipv4" : "ipv6");
}

const withoutBrackets = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, "$1");
