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
 * The headers that a request needs beside its own: the date, the session's token, the signature.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function signatureHeaders(request: Signable, scope: SigningScope, now: Date): Record<string, string> {
  const time = `${now.toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
  const date = time.slice(0, 8);
  const added: Record<string, string> = { "x-amz-date": time };
  if (scope.sessionToken !== undefined) added["x-amz-security-token"] = scope.sessionToken;

  const headers: Record<string, string> = { ...request.headers, ...added };
  const names = Object.keys(headers).sort();
  const signedNames = names.join(";");
  let lines = "";
  for (const name of names) lines += `${name}:${headers[name]?.trim().replace(/ {2,}/g, " ")}\n`;
  const canonical = `${request.method}\n${request.path}\n${request.query}\n${lines}\n${signedNames}\n${headers["x-amz-content-sha256"]}`;

  const credentialScope = `${date}/${scope.region}/${scope.service}/aws4_request`;
  const toSign = `${ALGORITHM}\n${time}\n${credentialScope}\n${hash("sha256", canonical)}`;
  const signature = createHmac("sha256", signingKey(scope, date)).update(toSign).digest("hex");
  added["authorization"] =
    `${ALGORITHM} Credential=${scope.accessKeyId}/${credentialScope}, SignedHeaders=${signedNames}, Signature=${signature}`;
  return added;
}

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
