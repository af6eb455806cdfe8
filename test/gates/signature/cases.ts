import {
  CopyObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { ownerHeaders } from "../../../provider/store/expected-owner.ts";
import { encodeKey, encodeQuery } from "../../../provider/store/fast/encoding.ts";
import { quickRequest } from "../../../provider/store/fast/requests.ts";
import { signRequest } from "../../../provider/store/fast/sign-request.ts";
import { type SigningScope, signedHeaders } from "../../../provider/store/fast/signing.ts";
import { copySourceHeader } from "../../../provider/store/sdk-fields.ts";
import type { Random } from "../../faults/random.ts";
import type { Texts } from "./texts.ts";

/** What was signed here, as it would be sent, and what it was made of, for another signer. */
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
  /** Of a command: its name and inputs; without a body. */
  readonly command?: { readonly name: string; readonly input: object; readonly isVirtualHost: boolean };
  /** Of other requests. */
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
/** Times around which days, months and years change, and the last that a signature can have. */
const TURNS = [
  ...["1970-01-01", "1999-12-31", "2000-02-29", "2024-02-29", "2026-12-31", "2100-02-28"],
  "9999-12-31",
].map((day) => Date.parse(`${day}T23:59:59.999Z`));
const LAST_TIME = Date.parse("9999-12-31T23:59:59.999Z");

/** Random requests: those of the fast path, and any other. */
export class Cases {
  readonly #random: Random;
  readonly #texts: Texts;

  constructor(random: Random, texts: Texts) {
    this.#random = random;
    this.#texts = texts;
  }

  /** A command of the fast path, as it is sent. */
  command(): Case {
    const random = this.#random;
    const { name, input, command } = this.#command();
    const request = quickRequest(command);
    if (request === undefined) throw new Error(`${name} is not for the quick way: ${JSON.stringify(input)}`);
    const account = this.#texts.of("0123456789", 12, 12);
    const owner = random.next() < 0.5 ? ownerHeaders(input, account) : {};
    Object.assign(request.headers, owner);
    const scope = this.#scope("s3");
    const isVirtualHost = random.next() < 0.5;
    const { origin, host } = this.#server(isVirtualHost ? `${request.bucket}.` : "", scope.region);
    const prefix = isVirtualHost ? "/" : `/${request.bucket}/`;
    const now = this.#time();
    const { path, headers } = signRequest(request, { ...scope, prefix, host }, scope, now);
    const named = "CopySource" in input ? { ExpectedSourceBucketOwner: account } : {};
    const owned = "x-amz-expected-bucket-owner" in owner ? { ExpectedBucketOwner: account, ...named } : {};
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
    const signed = signedHeaders(
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

  #command(): { name: string; input: object; command: object } {
    const random = this.#random;
    const texts = this.#texts;
    const place = { Bucket: this.#bucket(), Key: texts.any(1, 40) };
    const part = { PartNumber: random.integer(1, 10_000), UploadId: texts.any(1, 30) };
    const body = new Uint8Array(random.integer(0, 3));
    const checksum = this.#maybe(() => ({ ChecksumCRC32: `${texts.of(TOKEN, 6, 6)}==` }));
    const payer = this.#maybe(() => ({ RequestPayer: "requester" as const }));
    const source = {
      CopySource: copySourceHeader({
        bucket: this.#bucket(),
        key: texts.any(1, 40),
        versionId: this.#maybeText(texts.of(TOKEN, 1, 32)),
      }),
      ...this.#maybe(() => ({ CopySourceIfMatch: `"${texts.of(HEX, 32, 32)}"` })),
    };
    switch (random.integer(0, 4)) {
      case 0: {
        const input = { ...place, ...this.#creation(), ...checksum };
        return { name: "PutObject", input, command: new PutObjectCommand({ ...input, Body: body }) };
      }
      case 1: {
        const input = { ...place, ...part, ...checksum };
        return { name: "UploadPart", input, command: new UploadPartCommand({ ...input, Body: body }) };
      }
      case 2: {
        const directives = { MetadataDirective: "REPLACE", TaggingDirective: "REPLACE" } as const;
        const input = {
          ...place,
          ...this.#creation(),
          ...source,
          ...payer,
          ...this.#maybe(() => directives),
        };
        return { name: "CopyObject", input, command: new CopyObjectCommand(input) };
      }
      case 3: {
        const first = random.integer(0, 2 ** 40);
        const range = this.#maybe(() => ({ CopySourceRange: `bytes=${first}-${first + 2 ** 26}` }));
        const input = { ...place, ...part, ...source, ...payer, ...range };
        return { name: "UploadPartCopy", input, command: new UploadPartCopyCommand(input) };
      }
      default: {
        const input = {
          ...{ ...place, ...payer },
          ...this.#maybe(() => ({ ChecksumMode: "ENABLED" as const })),
          ...this.#maybe(() => ({ VersionId: texts.any(1, 32) })),
        };
        return { name: "HeadObject", input, command: new HeadObjectCommand(input) };
      }
    }
  }

  /** What an object that is made is given. */
  #creation(): object {
    const texts = this.#texts;
    const metadata = Array.from({ length: this.#random.integer(0, 5) }, () => [
      texts.of(`${HEADER_NAME}ABCDEFGHIJKLMNOPQRSTUVWXYZ`, 1, 12).toLowerCase(),
      texts.header(1, 20),
    ]);
    return {
      Metadata: Object.fromEntries(metadata),
      ...this.#maybe(() => ({ Tagging: encodeQuery([[texts.any(1, 9), texts.any(0, 9)]]) })),
      ...this.#maybe(() => ({ ContentType: texts.header(1, 20) })),
      ...this.#maybe(() => ({ ContentEncoding: texts.header(1, 9) })),
      ...this.#maybe(() => ({ CacheControl: texts.header(1, 20) })),
      ...this.#maybe(() => ({ ContentDisposition: `attachment;  filename="${texts.header(1, 20)}"` })),
      ...this.#maybe(() => ({ ContentLanguage: texts.header(1, 9) })),
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
