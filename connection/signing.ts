import { createHmac, hash } from "node:crypto";

/** The credentials, region and service of a signature. */
export interface SigningScope {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly region: string;
  readonly service: string;
}

export interface Signable {
  readonly method: string;
  /** Absolute and percent-encoded, as in the request. */
  readonly path: string;
  /** Percent-encoded and sorted by name, without the `?`. */
  readonly query: string;
  /** Names in lower case, including `host` and `x-amz-content-sha256`. All of them are signed. */
  readonly headers: Readonly<Record<string, string>>;
}

const ALGORITHM = "AWS4-HMAC-SHA256";

/** Signs requests. Stores the signing keys, which are valid for a day: one for each access key, region and service. */
export class Signer {
  readonly #keys = new Map<string, { readonly secret: string; readonly key: SigningKey }>();

  /**
   * The request's headers with the date, the session token and the signature. Names and values alternate, which Node
   * accepts without an object. https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
   */
  headers(request: Signable, scope: SigningScope, now: Date): string[] {
    const time = `${now.toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
    const date = time.slice(0, 8);
    const all: Record<string, string> = { ...request.headers, "x-amz-date": time };
    if (scope.sessionToken !== undefined) all["x-amz-security-token"] = scope.sessionToken;

    const headers: string[] = [];
    let [names, canonicalLines] = ["", ""];
    for (const name of Object.keys(all).sort()) {
      const value = all[name] ?? "";
      headers.push(name, value);
      names += names === "" ? name : `;${name}`;
      canonicalLines += `${name}:${canonicalValue(value)}\n`;
    }
    const { method, path, query } = request;
    const payload = request.headers["x-amz-content-sha256"];
    const canonical = `${method}\n${path}\n${query}\n${canonicalLines}\n${names}\n${payload}`;

    const credentialScope = `${date}/${scope.region}/${scope.service}/aws4_request`;
    const toSign = `${ALGORITHM}\n${time}\n${credentialScope}\n${hash("sha256", canonical)}`;
    const signature = this.#key(scope, date).sign(toSign);
    headers.push(
      "authorization",
      `${ALGORITHM} Credential=${scope.accessKeyId}/${credentialScope}, SignedHeaders=${names}, Signature=${signature}`,
    );
    return headers;
  }

  #key({ accessKeyId, secretAccessKey, region, service }: SigningScope, date: string): SigningKey {
    const name = `${accessKeyId}/${region}/${service}`;
    const secret = `${date}/${secretAccessKey}`;
    const known = this.#keys.get(name);
    if (known?.secret === secret) return known.key;
    let bytes = Buffer.from(`AWS4${secretAccessKey}`);
    for (const step of [date, region, service, "aws4_request"]) {
      bytes = createHmac("sha256", bytes).update(step).digest();
    }
    const key = new SigningKey(bytes);
    this.#keys.set(name, { secret, key });
    return key;
  }
}

/** Bytes of a block of SHA-256. */
const BLOCK = 64;

/**
 * HMAC with SHA-256, by two calls of `hash`: `createHmac` takes three times as much CPU time, because it creates a stream.
 * https://www.rfc-editor.org/rfc/rfc2104#section-2
 */
class SigningKey {
  /** The inner padding of the key, and space for the text. */
  #inner: Buffer;
  /** The outer padding, and space for the inner digest. */
  readonly #outer = Buffer.alloc(BLOCK + 32, 0x5c);

  /** @param key at most one block */
  constructor(key: Uint8Array) {
    this.#inner = Buffer.alloc(4 * BLOCK, 0x36);
    for (const [at, byte] of key.entries()) {
      this.#inner[at] = byte ^ 0x36;
      this.#outer[at] = byte ^ 0x5c;
    }
  }

  sign(text: string): string {
    const length = BLOCK + Buffer.byteLength(text);
    if (length > this.#inner.length) this.#inner = Buffer.concat([this.#inner], length);
    this.#inner.write(text, BLOCK);
    this.#outer.set(hash("sha256", this.#inner.subarray(0, length), "buffer"), BLOCK);
    return hash("sha256", this.#outer);
  }
}

/** A value without whitespace, in ASCII. */
const PLAIN = /^[\x21-\x7e]*$/;

/** Trims the value and replaces whitespace by one space, as the AWS SDKs for JavaScript and Python do. */
const canonicalValue = (value: string): string =>
  PLAIN.test(value) ? value : value.trim().replace(/\s+/g, " ");
