import type { S3Client } from "@aws-sdk/client-s3";
import { Signer, type SigningScope } from "../../../connection/signing.ts";
import { ownerHeaders } from "../../../provider/store/expected-owner.ts";
import { encodeKey, encodeQuery } from "../../../provider/store/fast/encoding.ts";
import { FAST_OPERATIONS, type FastRequest } from "../../../provider/store/fast/requests.ts";
import { signRequest } from "../../../provider/store/fast/sender.ts";
import type { Description } from "../../../provider/store/object-store.ts";
import type { Input, OperationName } from "../../../provider/store/operations.ts";
import { sdkSender } from "../../../provider/store/sdk-sender.ts";
import type { Random } from "../../faults/random.ts";
import type { Texts } from "./texts.ts";

/** A signed request as it would be sent, and the inputs for another signer. */
export interface Case {
  /** `https://host:port` */
  readonly origin: string;
  readonly scope: SigningScope;
  /** Seconds since 1970. */
  readonly at: number;
  readonly method: string;
  /** With the query, as it is sent. */
  readonly path: string;
  /** Each name followed by its value, as they are sent. */
  readonly headers: readonly string[];
  /** For a command: its name and inputs, without a body. */
  readonly command?: { readonly name: string; readonly input: object; readonly isVirtualHost: boolean };
  /** For other requests. */
  readonly raw?: {
    readonly path: string;
    readonly query: readonly (readonly [name: string, value: string])[];
    readonly headers: Readonly<Record<string, string>>;
    readonly payload: string;
  };
}

const TOKEN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=";
const NAME = "abcdefghijklmnopqrstuvwxyz0123456789-";
/** https://www.rfc-editor.org/rfc/rfc9110#name-tokens */
const HEADER_NAME = `${NAME}!#$%&'*+.^_\`|~`;
const HEX = "0123456789abcdef";
const REGIONS = [
  "us-east-1",
  "us-west-2",
  "eu-west-1",
  "cn-north-1",
  "us-gov-west-1",
  "ap-southeast-5",
  "auto",
];
const SERVICES = ["s3", "s3-outposts", "dynamodb", "iam", "sts", "ec2", "autoscaling", "ssm"];
/** Times near changes of days, months and years, and the last valid time of a signature. */
const TURNS = [
  ...["1970-01-01", "1999-12-31", "2000-02-29", "2024-02-29", "2026-12-31", "2100-02-28"],
  "9999-12-31",
].map((day) => Date.parse(`${day}T23:59:59.999Z`));
const LAST_TIME = Date.parse("9999-12-31T23:59:59.999Z");

/** Random requests of the fast path and of any other kind. */
export class Cases {
  readonly #random: Random;
  readonly #texts: Texts;
  readonly #signer = new Signer();

  constructor(random: Random, texts: Texts) {
    this.#random = random;
    this.#texts = texts;
  }

  /** A request of the fast path, and the command by which the SDK would send it. */
  async command(): Promise<Case> {
    const random = this.#random;
    const { name, input, request } = await this.#operation();
    const account = this.#texts.of("0123456789", 12, 12);
    const isOwned = random.next() < 0.5;
    const owner = isOwned
      ? ownerHeaders(account, request.source !== undefined, { fromAnyOwner: request.source?.anyOwner })
      : {};
    const scope = this.#scope("s3");
    const isVirtualHost = random.next() < 0.5;
    const { origin, host } = this.#server(isVirtualHost ? `${request.bucket}.` : "", scope.region);
    const prefix = isVirtualHost ? "/" : `/${request.bucket}/`;
    const now = this.#time();
    const signable = { ...request, headers: { ...request.headers, ...owner } };
    const { path, headers } = signRequest(this.#signer, signable, { ...scope, prefix, host }, scope, now);
    const named = request.source === undefined ? {} : { ExpectedSourceBucketOwner: account };
    const owned = isOwned ? { ExpectedBucketOwner: account, ...named } : {};
    return {
      ...{ origin, scope, path, headers, method: request.method },
      at: Math.floor(now.getTime() / 1000),
      command: { name, input: { ...input, ...owned }, isVirtualHost },
    };
  }

  /** A request of any service, with any headers, query and payload. */
  raw(): Case {
    const random = this.#random;
    const texts = this.#texts;
    const scope = this.#scope(random.pick(SERVICES));
    const { origin, host } = this.#server("", scope.region);
    const method = random.pick(["GET", "PUT", "POST", "DELETE", "HEAD", "PATCH"]);
    const path = scope.service.startsWith("s3") ? `/${texts.any(0, 20)}` : "/";
    const query = Array.from(
      { length: random.integer(0, 4) },
      () => [texts.any(1, 6), texts.any(0, 10)] as const,
    );
    const payload = random.pick([
      "UNSIGNED-PAYLOAD",
      "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
      texts.of(HEX, 64, 64),
    ]);
    const given = Array.from({ length: random.integer(0, 6) }, () => [
      random.pick(["x-amz-", "x-amz-meta-", "x-"]) + texts.of(HEADER_NAME, 1, 12),
      texts.header(0, 12),
    ]);
    const headers: Record<string, string> = Object.fromEntries(given);
    const now = this.#time();
    const signed = this.#signer.headers(
      {
        ...{ method, path: encodeKey(path), query: encodeQuery(query) },
        headers: { ...headers, host, "x-amz-content-sha256": payload },
      },
      scope,
      now,
    );
    return {
      ...{ origin, scope, method, headers: signed },
      at: Math.floor(now.getTime() / 1000),
      path: query.length === 0 ? encodeKey(path) : `${encodeKey(path)}?${encodeQuery(query)}`,
      raw: { path, query, headers, payload },
    };
  }

  #operation(): Promise<Operation> {
    const random = this.#random;
    const texts = this.#texts;
    const place = { bucket: this.#bucket(), key: texts.any(1, 40) };
    const part = { number: random.integer(1, 10_000), uploadId: texts.any(1, 30) };
    const body = new Uint8Array(random.integer(0, 3));
    const checksum = random.pick([
      () => undefined,
      () => ({ crc32: `${texts.of(TOKEN, 6, 6)}==` }),
      () => ({ sha256: `${texts.of(TOKEN, 43, 43)}=` }),
    ])();
    const payer = { requestPayer: random.next() < 0.5 };
    const source = {
      ...{ bucket: this.#bucket(), key: texts.any(1, 40), ...payer },
      versionId: this.#maybeText(texts.of(TOKEN, 1, 32)),
      ifMatch: this.#maybeText(`"${texts.of(HEX, 32, 32)}"`),
    };
    const tags = { [texts.any(1, 9)]: texts.any(0, 9) };
    switch (random.integer(0, 4)) {
      case 0:
        return operation("put", { ...place, ...this.#description(), tags, body, checksum });
      case 1:
        return operation("uploadPart", { ...place, ...part, body, checksum });
      case 2: {
        const description = random.next() < 0.5 ? this.#description() : undefined;
        const algorithm = this.#maybe(() => ({ checksum: random.pick(["CRC32", "SHA256"] as const) }));
        return operation("copy", { ...place, source, description, tags, ...algorithm });
      }
      case 3: {
        const range = { offset: random.integer(0, 2 ** 40), length: 2 ** 26 };
        return operation("copyPart", { ...place, ...part, source, range });
      }
      default:
        return operation("head", { ...place, ...payer, versionId: this.#maybeText(texts.any(1, 32)) });
    }
  }

  /** Metadata and tags of a new object. */
  #description(): Omit<Description, "tags"> {
    const texts = this.#texts;
    const metadata = Array.from({ length: this.#random.integer(0, 5) }, () => [
      texts.of(`${HEADER_NAME}ABCDEFGHIJKLMNOPQRSTUVWXYZ`, 1, 12).toLowerCase(),
      texts.header(1, 20),
    ]);
    return {
      metadata: Object.fromEntries(metadata),
      headers: {
        ...this.#maybe(() => ({ contentType: texts.header(1, 20) })),
        ...this.#maybe(() => ({ contentEncoding: texts.header(1, 9) })),
        ...this.#maybe(() => ({ cacheControl: texts.header(1, 20) })),
        ...this.#maybe(() => ({ contentDisposition: `attachment;  filename="${texts.header(1, 20)}"` })),
        ...this.#maybe(() => ({ contentLanguage: texts.header(1, 9) })),
      },
    };
  }

  #scope(service: string): SigningScope {
    const texts = this.#texts;
    return {
      accessKeyId: texts.of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16, 24),
      secretAccessKey: this.#random.next() < 0.5 ? texts.of(TOKEN, 40, 40) : texts.any(1, 40),
      region: this.#random.pick(REGIONS),
      service,
      ...this.#maybe(() => ({ sessionToken: texts.of(TOKEN, 100, 400) })),
      ...this.#maybe(() => ({ sessionToken: `t${texts.header(0, 60)}t` })),
    };
  }

  #server(subdomain: string, region: string): { origin: string; host: string } {
    const port = this.#random.pick(["", "", ":9000", ":8443", ":1", ":65535"]);
    const ip = subdomain === "" ? [`127.0.0.1${port}`, `[::1]${port}`] : [];
    const host = this.#random.pick([
      ...ip,
      `${subdomain}s3.${region}.amazonaws.com${port}`,
      `${subdomain}s3.dualstack.${region}.amazonaws.com`,
      `${subdomain}bucket.vpce-0123456789abcdef0-abcdefgh.s3.${region}.vpce.amazonaws.com${port}`,
      `${subdomain}localhost${port}`,
    ]);
    return { origin: `${this.#random.pick(["http", "https"])}://${host}`, host };
  }

  #bucket(): string {
    return `a${this.#texts.of(`${NAME}.`, 1, 61)}z`.replace(/\.{2,}/g, ".");
  }

  #time(): Date {
    const random = this.#random;
    if (random.next() < 0.2) return new Date(Math.min(LAST_TIME, random.pick(TURNS) + random.integer(-1, 1)));
    return new Date(Math.floor(random.next() * LAST_TIME));
  }

  #maybe<T extends object>(make: () => T): Partial<T> {
    return this.#random.next() < 0.5 ? make() : {};
  }

  #maybeText(text: string): string | undefined {
    return this.#random.next() < 0.5 ? text : undefined;
  }
}

interface Operation {
  readonly name: string;
  /** From the SDK's command, without the body. */
  readonly input: object;
  readonly request: FastRequest;
}

async function operation<Name extends OperationName>(name: Name, input: Input<Name>): Promise<Operation> {
  const request = FAST_OPERATIONS[name]?.request(input);
  if (request === undefined) throw new Error(`${name} is not sent past the SDK`);
  let command: { readonly constructor: { readonly name: string }; readonly input: object } | undefined;
  const client = {
    send: async (sent: object & { readonly input: object }) => {
      command = sent;
      return {};
    },
  } as unknown as S3Client;
  await sdkSender(client, "us-east-1").send(name, input, {});
  if (command === undefined) throw new Error(`${name} sends no command`);
  const { Body: _, ContentLength: __, ...others } = command.input as Record<string, unknown>;
  const given = Object.entries(others).filter(([, value]) => value !== undefined);
  return { name: command.constructor.name.replace("Command", ""), input: Object.fromEntries(given), request };
}
