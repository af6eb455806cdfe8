import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import type { S3Client } from "@aws-sdk/client-s3";
import { createS3Clients } from "../../../provider/store/clients.ts";
import type { ObjectStore } from "../../../provider/store/object-store.ts";
import type { S3Clients } from "../../../provider/store/s3-clients.ts";
import { combineCrc32, encodeCrc32 } from "../../../provider/transfer/hash/crc32.ts";

export interface SeenRequest {
  readonly operation: string;
  readonly headers: IncomingMessage["headers"];
  readonly part: number;
  /** Bytes of the body, which are counted and discarded. */
  readonly length: number;
  readonly body: string;
}

interface FakePart {
  readonly crc: number;
  readonly length: number;
  readonly etag: string;
}

export interface FakeAnswer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Record<string, string>;
  /** Does not respond: the connection stalls. */
  readonly stall?: boolean;
}

/**
 * S3's side of an upload, in memory: it verifies the checksums of requests, and keeps those of the parts but no bytes. For features and
 * faults that an emulator lacks: full-object checksums, errors, stalls.
 */
export class FakeS3 {
  readonly requests: SeenRequest[] = [];
  /** The type of multipart checksums; undefined: the server supports none. */
  checksumType: "FULL_OBJECT" | "COMPOSITE" | undefined = "FULL_OBJECT";
  /** Can respond in S3's place. */
  intercept: (request: SeenRequest) => FakeAnswer | undefined = () => undefined;
  readonly #server: Server;
  /** Whether ETags are the parts' MD5, as without KMS keys. */
  md5Etags = false;
  /** The maximum number of parts in a page of ListParts, whatever the request. */
  partsPerPage = 1_000;
  readonly #parts = new Map<number, FakePart>();
  /** Whether a multipart upload is open. */
  #open = false;
  #object:
    | { readonly size: number; readonly crc: string; readonly metadata: Record<string, string> }
    | undefined;
  #metadata: Record<string, string> = {};

  constructor() {
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Waits until all clients have closed their connections and their bytes were read; closes idle connections. */
  async quiet(): Promise<void> {
    do {
      await sleep(20); // waiting connections are accepted meanwhile
      this.#server.closeIdleConnections();
    } while ((await promisify(this.#server.getConnections.bind(this.#server))()) > 0);
  }

  count(operation: string): number {
    return this.requests.filter((request) => request.operation === operation).length;
  }

  reset(): void {
    this.requests.length = 0;
    this.#parts.clear();
    this.#open = false;
    this.#object = undefined;
    this.checksumType = "FULL_OBJECT";
    this.md5Etags = false;
    this.partsPerPage = 1_000;
    this.intercept = () => undefined;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const query = new URL(request.url ?? "", "http://fake").searchParams;
    const operation = operationOf(request.method ?? "", query);
    let crc = 0;
    let length = 0;
    const md5 = createHash("md5");
    const small: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) {
      crc = crc32(chunk, crc);
      length += chunk.length;
      if (this.md5Etags) md5.update(chunk);
      if (operation === "Complete") small.push(chunk);
    }
    const seen: SeenRequest = {
      operation,
      headers: request.headers,
      part: Number(query.get("partNumber") ?? 0),
      length,
      body: Buffer.concat(small).toString(),
    };
    this.requests.push(seen);
    const answer = this.intercept(seen) ?? this.#answer(seen, query, crc, md5.digest("hex"));
    if (answer.stall) return;
    response.writeHead(answer.status, { "x-amz-request-id": "FAKE", ...answer.headers });
    response.end(answer.body);
  }

  #answer(request: SeenRequest, query: URLSearchParams, crc: number, md5: string): FakeAnswer {
    const { operation, headers } = request;
    const given = headers["x-amz-checksum-crc32"];
    if (["PutObject", "UploadPart"].includes(operation) && given !== encodeCrc32(crc))
      return s3Error("BadDigest");
    switch (operation) {
      case "Create": {
        this.#metadata = metadataOf(headers);
        this.#parts.clear();
        this.#open = true;
        const type = this.checksumType;
        return {
          status: 200,
          headers:
            type === undefined ? {} : { "x-amz-checksum-type": type, "x-amz-checksum-algorithm": "CRC32" },
          body: "<InitiateMultipartUploadResult><UploadId>upload-1</UploadId></InitiateMultipartUploadResult>",
        };
      }
      case "UploadPart": {
        const etag = this.md5Etags ? md5 : `part-${request.part}`;
        this.#parts.set(request.part, { crc, length: request.length, etag });
        return {
          status: 200,
          headers: {
            etag: `"${etag}"`,
            ...(this.checksumType === undefined ? {} : { "x-amz-checksum-crc32": encodeCrc32(crc) }),
          },
        };
      }
      case "ListUploads":
        return { status: 200, body: this.#listUploads(query.get("prefix") ?? "") };
      case "ListParts":
        return this.#open ? { status: 200, body: this.#listParts(query) } : s3Error("NoSuchUpload", 404);
      case "Complete":
        return this.#complete(headers, request.body);
      case "PutObject":
        this.#object = { size: request.length, crc: encodeCrc32(crc), metadata: metadataOf(headers) };
        return { status: 200, headers: { etag: '"whole"' } };
      case "HeadObject":
        return this.#head();
      case "Abort":
        this.#open = false;
        return { status: 204 };
      default:
        return s3Error("NotImplemented", 501);
    }
  }

  #complete(headers: IncomingMessage["headers"], body: string): FakeAnswer {
    const listed = [...body.matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map((match) => Number(match[1]));
    const parts = listed.map((number) => this.#parts.get(number));
    let whole = 0;
    let size = 0;
    for (const part of parts) {
      if (part === undefined) return s3Error("InvalidPart");
      whole = combineCrc32(whole, part.crc, part.length);
      size += part.length;
    }
    const given = headers["x-amz-checksum-crc32"];
    if (given !== undefined && (this.checksumType !== "FULL_OBJECT" || given !== encodeCrc32(whole))) {
      return s3Error("BadDigest");
    }
    if (headers["x-amz-mp-object-size"] !== String(size)) return s3Error("InvalidRequest");
    this.#object = { size, crc: encodeCrc32(whole), metadata: this.#metadata };
    this.#open = false;
    return {
      status: 200,
      body: '<CompleteMultipartUploadResult><ETag>"all"</ETag></CompleteMultipartUploadResult>',
    };
  }

  #listUploads(key: string): string {
    const upload = `<Upload><Key>${key}</Key><UploadId>upload-1</UploadId></Upload>`;
    return `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${this.#open ? upload : ""}</ListMultipartUploadsResult>`;
  }

  #listParts(query: URLSearchParams): string {
    const after = Number(query.get("part-number-marker") ?? 0);
    const most = Math.min(this.partsPerPage, Number(query.get("max-parts") ?? this.partsPerPage));
    const numbers = [...this.#parts.keys()].filter((number) => number > after).sort((a, b) => a - b);
    const page = numbers.slice(0, most);
    const parts = page.map((number) => {
      const { crc, length, etag } = this.#parts.get(number) as FakePart;
      const checksum =
        this.checksumType === undefined ? "" : `<ChecksumCRC32>${encodeCrc32(crc)}</ChecksumCRC32>`;
      return `<Part><PartNumber>${number}</PartNumber><ETag>"${etag}"</ETag><Size>${length}</Size>${checksum}</Part>`;
    });
    const type = this.checksumType === undefined ? "" : `<ChecksumType>${this.checksumType}</ChecksumType>`;
    const more = numbers.length > page.length;
    return `<ListPartsResult>${type}<IsTruncated>${more}</IsTruncated>${more ? `<NextPartNumberMarker>${page.at(-1)}</NextPartNumberMarker>` : ""}${parts.join("")}</ListPartsResult>`;
  }

  #head(): FakeAnswer {
    if (this.#object === undefined) return { status: 404 };
    const checksums =
      this.checksumType === "FULL_OBJECT"
        ? { "x-amz-checksum-crc32": this.#object.crc, "x-amz-checksum-type": "FULL_OBJECT" }
        : {};
    return {
      status: 200,
      headers: {
        "content-length": String(this.#object.size),
        etag: '"all"',
        ...checksums,
        ...this.#object.metadata,
      },
    };
  }
}

export function s3Error(code: string, status = 400): FakeAnswer {
  return { status, body: `<Error><Code>${code}</Code><Message>fake</Message></Error>` };
}

function metadataOf(headers: IncomingMessage["headers"]): Record<string, string> {
  const entries = Object.entries(headers).filter(([name]) => name.startsWith("x-amz-meta-"));
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

function operationOf(method: string, query: URLSearchParams): string {
  if (method === "POST") return query.has("uploads") ? "Create" : "Complete";
  if (method === "PUT") return query.has("partNumber") ? "UploadPart" : "PutObject";
  if (method === "DELETE") return "Abort";
  if (method === "GET" && query.has("uploads")) return "ListUploads";
  if (method === "GET" && query.has("uploadId")) return "ListParts";
  return method === "HEAD" ? "HeadObject" : `${method} ${query}`;
}

/** The transfer's own clients for the fake. */
export function clientsAt(endpoint: string, stallTimeoutMs = 60_000): S3Clients<S3Client> {
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const config = { endpoint, credentials, forcePathStyle: true };
  return createS3Clients({ stallTimeoutMs, config });
}

export const storeAt = (endpoint: string, stallTimeoutMs?: number): ObjectStore =>
  clientsAt(endpoint, stallTimeoutMs).store("us-east-1");
