import { codesOf } from "../../connection/errors/kinds.ts";
import { EXPIRED, NOT_ACCEPTED } from "../../connection/errors/words.ts";
import { withoutCredentials } from "../../connection/proxy.ts";
import { UserError } from "../../staging/errors.ts";

/** An error text of the engine or a plugin that is caused by the user's setup. */
interface SetupText {
  readonly pattern: RegExp;
  readonly message: string;
  readonly fix: string;
  /** Variables that the error names with their values. */
  readonly variables: readonly string[];
}

const AGAIN = "then run the command again.";
const PROXIES = ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "NO_PROXY", "no_proxy"] as const;

const anyOf = (...texts: string[]): RegExp => new RegExp(`\\b(${texts.join("|")})\\b`, "i");

/** Error texts of Go, Node and AWS's SDKs for both. */
const TEXTS: readonly SetupText[] = [
  {
    pattern:
      /proxyconnect tcp|Proxy Authentication Required|proxy: unknown scheme|the proxy \S+ (was not reached|answered \d+)/i,
    message: "the proxy did not make a connection",
    fix: `Check the proxy, or add hosts that need no proxy to NO_PROXY, ${AGAIN}`,
    variables: PROXIES,
  },
  {
    pattern:
      /x509: certificate (signed by unknown authority|is not trusted)|unable to verify the first certificate|self-signed certificate|unable to get (local )?issuer certificate/i,
    message: "a server's certificate is not trusted",
    fix: `export AWS_CA_BUNDLE=FILE, with the certificates of the authorities in PEM form, ${AGAIN}`,
    variables: ["AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"],
  },
  {
    pattern: /x509: certificate has expired|certificate has expired|certificate is not yet valid/i,
    message: "a server's certificate is out of date",
    fix: `Correct the clock of this machine if it is wrong; otherwise the operator of the server has to renew the certificate.`,
    variables: [],
  },
  {
    pattern: /x509: certificate is (valid for|not valid for any)|does not match certificate's altnames/i,
    message: "a server's certificate belongs to another host",
    fix: `Check the endpoint and the proxy, ${AGAIN}`,
    variables: ["AWS_ENDPOINT_URL", ...PROXIES],
  },
  {
    pattern:
      /server gave HTTP response to HTTPS client|tls: first record does not look like a TLS handshake/i,
    message: "a server does not speak TLS",
    fix: `Check whether an address must begin with http:// instead of https://, ${AGAIN}`,
    variables: ["AWS_ENDPOINT_URL", ...PROXIES],
  },
  {
    pattern: /failed to get shared config profile|config profile .* could not be found/i,
    message: "the AWS profile does not exist",
    fix: "Set AWS_PROFILE to one of your profiles: aws configure list-profiles",
    variables: ["AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"],
  },
  {
    pattern: /failed to load shared config file|failed to load SharedConfig|unable to parse config file/i,
    message: "the AWS configuration file cannot be parsed",
    fix: `Correct the file, ${AGAIN}`,
    variables: ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"],
  },
  {
    pattern:
      /SSO (session|token|credentials?)\b.*(expired|invalid|refresh)|token (has )?expired.*sso|InvalidGrantException/i,
    message: "the AWS sign-in has expired",
    fix: "aws sso login",
    variables: ["AWS_PROFILE"],
  },
  {
    pattern: anyOf(...codesOf("expired"), "token included in the request is expired"),
    ...EXPIRED,
    variables: ["AWS_PROFILE"],
  },
  {
    pattern:
      /no valid credential sources|failed to refresh cached credentials|No valid credential|Unable to locate credentials|NoCredentialProviders/i,
    message: "there are no valid AWS credentials",
    fix: "aws configure, or set AWS_PROFILE",
    variables: ["AWS_PROFILE"],
  },
  {
    pattern: anyOf(...codesOf("not accepted")),
    ...NOT_ACCEPTED,
    variables: ["AWS_PROFILE"],
  },
  {
    pattern:
      /Invalid AWS Region|invalid region|could not find region|Missing region configuration|MissingRegion/i,
    message: "the AWS region is missing or not valid",
    fix: "export AWS_REGION=us-east-1, or the region of the environment",
    variables: ["AWS_REGION", "AWS_DEFAULT_REGION"],
  },
  {
    pattern: /no such host|getaddrinfo (ENOTFOUND|EAI_AGAIN)/i,
    message: "a host has no address",
    fix: `Check the network, the region, and whether a proxy is needed (HTTPS_PROXY), ${AGAIN}`,
    variables: ["AWS_ENDPOINT_URL", "AWS_REGION", ...PROXIES],
  },
];

/**
 * The error for a text that the user's setup causes; undefined for other texts.
 * @param env the engine's environment variables
 */
export function explainSetupText(text: string, env: NodeJS.ProcessEnv): UserError | undefined {
  const known = TEXTS.find(({ pattern }) => pattern.test(text));
  if (known === undefined) return undefined;
  const set = known.variables
    .filter((name) => env[name])
    .map((name) => `${name} is ${withoutCredentials(env[name] ?? "")}`);
  const line = text.split("\n").find((candidate) => known.pattern.test(candidate)) ?? text;
  const said = line.trim().slice(0, 400);
  return new UserError(known.message, {
    why: [said.replace(/\.?$/, "."), set.length === 0 ? "" : `${set.join(", ")}.`].filter(Boolean).join(" "),
    fix: known.fix,
  });
}
