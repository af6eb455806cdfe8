import { shellQuoted } from "../../staging/shell.ts";
import type { Connection } from "../connection.ts";
import { SERVICES } from "../endpoints.ts";
import { ProxyError } from "../proxy-error.ts";
import type { Variables } from "../variables.ts";
import { causesOf, type Failure } from "./failure.ts";
import { isNotReached } from "./kinds.ts";

/** A user error for requests that do not reach AWS, or use the wrong credentials. */
export interface SetupProblem {
  readonly message: string;
  readonly why: string;
  readonly fix: string;
}

const AGAIN = "then run the command again.";

/**
 * Explains a failed request by the user's configuration (variables, configuration files, the network); undefined for
 * other causes. Also checks the error's causes.
 * @param connection if known
 */
export function explainSetup(
  error: unknown,
  connection: Connection | undefined,
  env: Variables = process.env,
): SetupProblem | undefined {
  for (const found of causesOf(error)) {
    const problem =
      (found instanceof ProxyError ? proxyProblem(found) : undefined) ??
      certificateProblem(found, connection, env) ??
      credentialsProblem(found, connection, env) ??
      variableProblem(found, env);
    if (problem !== undefined) return problem;
  }
  for (const found of causesOf(error)) {
    const problem = notReached(found, connection, env);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function proxyProblem({ proxy, status, code }: ProxyError): SetupProblem {
  const [variable = "HTTPS_PROXY"] = proxy.split("=", 1);
  const without = `unset ${variable} if no proxy is needed, or name the host in NO_PROXY`;
  if (status === 407) {
    return {
      message: "the proxy requires other credentials",
      why: `${proxy} answered 407.`,
      fix: `Set them, percent-encoded: export ${variable}=http://USER:PASSWORD@HOST:PORT, ${AGAIN}`,
    };
  }
  if (status !== undefined) {
    return {
      message: "the proxy did not connect to AWS",
      why: `${proxy} answered ${status}.`,
      fix: `Ask the operator of the proxy to allow it, or ${without}, ${AGAIN}`,
    };
  }
  return {
    message: "the proxy cannot be reached",
    why: `${proxy} does not answer${code === undefined ? "" : ` (${code})`}.`,
    fix: `Check ${variable}, or ${without}, ${AGAIN}`,
  };
}

const UNTRUSTED: ReadonlySet<string> = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_UNTRUSTED",
  "CERT_SIGNATURE_FAILURE",
  "CERT_REVOKED",
  "CERT_REJECTED",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "PATH_LENGTH_EXCEEDED",
]);
const OUT_OF_TIME: ReadonlySet<string> = new Set(["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"]);
const OTHER_HOST: ReadonlySet<string> = new Set(["ERR_TLS_CERT_ALTNAME_INVALID", "HOSTNAME_MISMATCH"]);

function certificateProblem(
  error: Failure,
  connection: Connection | undefined,
  env: Variables,
): SetupProblem | undefined {
  const { code = "", message } = error;
  const server = serverOf(error, connection);
  if (UNTRUSTED.has(code)) {
    const bundle = connection?.authorities;
    const trusted =
      bundle === undefined
        ? `AWS_CA_BUNDLE is not set${env["NODE_EXTRA_CA_CERTS"] ? `, NODE_EXTRA_CA_CERTS is ${env["NODE_EXTRA_CA_CERTS"]}` : ""}`
        : `${bundle.source} names ${bundle.file}`;
    return {
      message: `the certificate of ${server} is not trusted`,
      why: `${code}: no trusted authority has signed it. ${trusted}.`,
      fix: `export AWS_CA_BUNDLE=FILE, with the certificates of the authorities in PEM form: those of the company's proxy if it intercepts TLS. Then run the command again.`,
    };
  }
  if (OUT_OF_TIME.has(code)) {
    return {
      message: `the certificate of ${server} is ${code === "CERT_HAS_EXPIRED" ? "out of date" : "not valid yet"}`,
      why: `${code}; the clock of this machine says ${new Date().toISOString()}.`,
      fix: `Set the clock if it is wrong; otherwise the operator of the server has to renew the certificate.`,
    };
  }
  if (OTHER_HOST.has(code)) {
    return {
      message: `the certificate of ${server} belongs to another host`,
      why: message,
      fix: `Use a host name of the certificate: check ${sourceOf(connection) ?? "the endpoint and the proxy"}, ${AGAIN}`,
    };
  }
  if (code === "EPROTO" || code.startsWith("ERR_SSL_")) {
    return {
      message: `cannot establish a secure connection to ${server}`,
      why: `The TLS handshake failed (${code}): ${firstLine(message)}`,
      fix: `Check whether ${sourceOf(connection) ?? "the proxy's address"} must begin with http:// in place of https://, ${AGAIN}`,
    };
  }
  return undefined;
}

function credentialsProblem(
  { name, message }: Failure,
  connection: Connection | undefined,
  env: Variables,
): SetupProblem | undefined {
  if (name !== "CredentialsProviderError" && name !== "TokenProviderError") return undefined;
  const profile = connection?.profile ?? env["AWS_PROFILE"];
  const why = `${firstLine(message)}${profile ? ` AWS_PROFILE is ${profile}.` : ""}`;
  const option = profile ? ` --profile ${shellQuoted(profile)}` : "";
  if (/sso|token/i.test(message)) {
    return {
      message: "the AWS sign-in has expired, or is missing",
      why,
      fix: `aws sso login${option}`,
    };
  }
  return { message: "there are no valid AWS credentials", why, fix: `aws configure${option}` };
}

/** SDK errors that name a variable with an invalid value. */
function variableProblem({ message, code }: Failure, env: Variables): SetupProblem | undefined {
  const named = message.match(/\bAWS_[A-Z0-9_]+\b/g)?.find((name) => env[name] !== undefined);
  if (named !== undefined) return unusable(named, env, message);
  const [, kind] = /(FIPS|Dual-?stack) and custom endpoint are not supported/i.exec(message) ?? [];
  if (kind !== undefined) {
    return unusable(
      /fips/i.test(kind) ? "AWS_USE_FIPS_ENDPOINT" : "AWS_USE_DUALSTACK_ENDPOINT",
      env,
      message,
    );
  }
  if (/^Region is missing|^Invalid region|^Region not accepted/i.test(message)) {
    return unusable("AWS_REGION", env, message);
  }
  if (code === "ERR_INVALID_CHAR") {
    return {
      message: "the AWS credentials contain an invalid character",
      why: firstLine(message),
      fix: "Look for line breaks and spaces in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or in the profile.",
    };
  }
  return undefined;
}

function unusable(name: string, env: Variables, message: string): SetupProblem {
  const value = /SECRET|TOKEN|KEY/.test(name) ? "a value that is not shown" : env[name];
  return {
    message: `the AWS settings cannot be used: ${name}`,
    why: `${firstLine(message).replace(/\.?$/, ".")} ${name} is ${value ?? "not set, but an AWS configuration file says the same"}.`,
    fix:
      env[name] === undefined
        ? `Correct the AWS configuration file, ${AGAIN}`
        : `Correct it, or: unset ${name}`,
  };
}

function notReached(
  error: Failure,
  connection: Connection | undefined,
  env: Variables,
): SetupProblem | undefined {
  if (!isNotReached(error)) return undefined;
  const { code } = error;
  if (connection?.isLocalCloud) {
    const endpoint = connection.endpoints.S3?.url ?? "";
    return {
      message: `the local cloud is not answering at ${endpoint}`,
      why: `It was stopped, or it is still starting (${code}).`,
      fix: "spawn local up, then run the command again",
    };
  }
  const endpoint = endpointOf(error, connection);
  if (endpoint !== undefined) {
    return {
      message: `${endpoint.url} is not answering`,
      why: `The endpoint of ${endpoint.source} cannot be reached (${code}).`,
      fix: endpoint.source.startsWith("AWS_")
        ? `Check ${endpoint.source}, or unset it, ${AGAIN}`
        : `Check endpoint_url of ${endpoint.source}, ${AGAIN}`,
    };
  }
  const proxyHint =
    env["ALL_PROXY"] || env["all_proxy"]
      ? " ALL_PROXY is set, which AWS tools do not read: set HTTPS_PROXY."
      : "";
  const { hostname } = error;
  return {
    message: "AWS is not answering",
    why: `${hostname === undefined ? "It" : hostname} cannot be reached (${code}).${proxyHint}`,
    fix: `Check the network, the region${env["AWS_REGION"] ? ` (AWS_REGION is ${env["AWS_REGION"]})` : ""}, and whether a proxy is needed (HTTPS_PROXY), ${AGAIN}`,
  };
}

/** The endpoint of the failed connection if the error names it; otherwise the common one of all services. */
export function endpointOf(
  { hostname, address, port }: Failure,
  connection: Connection | undefined,
): { readonly url: string; readonly source: string } | undefined {
  const all = SERVICES.flatMap((service) => connection?.endpoints[service] ?? []);
  const named = all.find(({ url }) => {
    const { hostname: host, port: text, protocol } = new URL(url);
    const bare = host.replace(/^\[(.*)\]$/, "$1");
    if (hostname !== undefined) return hostname === bare || hostname.endsWith(`.${bare}`);
    const its = Number(text) || (protocol === "https:" ? 443 : 80);
    return address !== undefined && its === port && (address === bare || bare === "localhost");
  });
  if (named !== undefined) return named;
  const urls = new Set(all.map(({ url }) => url));
  return all.length === SERVICES.length && urls.size === 1 ? all[0] : undefined;
}

const serverOf = (error: Failure, connection: Connection | undefined): string =>
  endpointOf(error, connection)?.url ?? (hostIn(error) || "AWS");

/** The requested host, from an error about a certificate of another host. */
const hostIn = ({ hostname, message }: Failure): string =>
  hostname ?? /Host: ([^ ]+)\. is not/.exec(message)?.[1] ?? "";

const sourceOf = (connection: Connection | undefined): string | undefined => {
  const sources = SERVICES.flatMap((service) => connection?.endpoints[service]?.source ?? []);
  return sources.length === 0 ? undefined : [...new Set(sources)].join(", ");
};

const firstLine = (text: string): string => text.trim().split("\n", 1)[0] ?? "";
