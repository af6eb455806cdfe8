import { createHmac, createSecretKey, hash, type KeyObject } from "node:crypto";

/** Whose requests are signed, for which region and service. */
export interface SigningScope {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly region: string;
  readonly service: string;
}

export interface Signable {
  readonly method: string;
  /** Absolute, percent-encoded as it is sent. */
  readonly path: string;
  /** Percent-encoded and sorted by name, without the `?`. */
  readonly query: string;
  /** Names in lower case, `host` and `x-amz-content-sha256` among them. All of them are signed. */
  readonly headers: Readonly<Record<string, string>>;
}

const ALGORITHM = "AWS4-HMAC-SHA256";

/** Signing keys hold for a day; one set of credentials and one region have one at a time. */
const keys = new Map<string, { readonly secret: string; readonly key: KeyObject }>();

/**
 * The request's headers with those that it needs beside its own (the date, the session's token, the signature), as Node takes them
 * without making an object of them: each name followed by its value.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function signedHeaders(request: Signable, scope: SigningScope, now: Date): string[] {
  const time = `${now.toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
  const date = time.slice(0, 8);
  const lines: (readonly [name: string, value: string])[] = Object.entries(request.headers);
  lines.push(["x-amz-date", time]);
  if (scope.sessionToken !== undefined) lines.push(["x-amz-security-token", scope.sessionToken]);
  lines.sort(([a], [b]) => (a < b ? -1 : 1));

  const headers: string[] = [];
  let [names, canonicalLines] = ["", ""];
  for (const [name, value] of lines) {
    headers.push(name, value);
    names += names === "" ? name : `;${name}`;
    canonicalLines += `${name}:${canonicalValue(value)}\n`;
  }
  const { method, path, query } = request;
  const payload = request.headers["x-amz-content-sha256"];
  const canonical = `${method}\n${path}\n${query}\n${canonicalLines}\n${names}\n${payload}`;

  const credentialScope = `${date}/${scope.region}/${scope.service}/aws4_request`;
  const toSign = `${ALGORITHM}\n${time}\n${credentialScope}\n${hash("sha256", canonical)}`;
  const signature = createHmac("sha256", signingKey(scope, date)).update(toSign).digest("hex");
  headers.push(
    "authorization",
    `${ALGORITHM} Credential=${scope.accessKeyId}/${credentialScope}, SignedHeaders=${names}, Signature=${signature}`,
  );
  return headers;
}

const SPACE = /\s/;

/** As Amazon's SDKs for JavaScript and Python have it: any space is one, and none is at an end. */
const canonicalValue = (value: string): string =>
  SPACE.test(value) ? value.trim().replace(/\s+/g, " ") : value;

function signingKey(
  { accessKeyId, secretAccessKey, region, service }: SigningScope,
  date: string,
): KeyObject {
  const name = `${accessKeyId}/${region}/${service}`;
  const secret = `${date}/${secretAccessKey}`;
  const known = keys.get(name);
  if (known?.secret === secret) return known.key;
  let bytes = Buffer.from(`AWS4${secretAccessKey}`);
  for (const step of [date, region, service, "aws4_request"]) {
    bytes = createHmac("sha256", bytes).update(step).digest();
  }
  const key = createSecretKey(bytes);
  keys.set(name, { secret, key });
  return key;
}
