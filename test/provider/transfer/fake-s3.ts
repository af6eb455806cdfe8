import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { crc32 } from "node:zlib";
import type { S3Client } from "@aws-sdk/client-s3";
import { createS3Clients } from "../../../provider/transfer/clients.ts";
import { combineCrc32, encodeCrc32 } from "../../../provider/transfer/crc32.ts";

export interface SeenRequest {
  readonly operation: string;
  readonly headers: IncomingMessage["headers"];
  readonly part: number;
  /** Bytes of the body, which are counted and forgotten. */
  readonly length: number;
  readonly body: string;
}

export interface FakeAnswer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Record<string, string>;
  /** Says nothing at all: the connection stalls. */
  readonly stall?: boolean;
}

/**
 * S3's side of an upload as far as the transfer sees it, in memory: it checks the checksums that it is given, keeps
 * those of the parts and no bytes. For what an emulator does not do: full-object checksums, errors, stalls.
 */
export class FakeS3 {
  readonly requests: SeenRequest[] = [];
  /** How multipart checksums are kept; undefined: the server knows none. */
  checksumType: "FULL_OBJECT" | "COMPOSITE" | undefined = "FULL_OBJECT";
  /** May answer in S3's place. */
  intercept: (request: SeenRequest) => FakeAnswer | undefined = () => undefined;
  readonly #server: Server;
  readonly #parts = new Map<number, { readonly crc: number; readonly length: number }>();
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

  count(operation: string): number {
    return this.requests.filter((request) => request.operation === operation).length;
  }

  reset(): void {
    this.requests.length = 0;
    this.#parts.clear();
    this.#object = undefined;
    this.checksumType = "FULL_OBJECT";
    this.intercept = () => undefined;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const query = new URL(request.url ?? "", "http://fake").searchParams;
    const operation = operationOf(request.method ?? "", query);
    let crc = 0;
    let length = 0;
    const small: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) {
      crc = crc32(chunk, crc);
      length += chunk.length;
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
    const answer = this.intercept(seen) ?? this.#answer(seen, crc);
    if (answer.stall) return;
    response.writeHead(answer.status, { "x-amz-request-id": "FAKE", ...answer.headers });
    response.end(answer.body);
  }

  #answer(request: SeenRequest, crc: number): FakeAnswer {
    const { operation, headers } = request;
    const given = headers["x-amz-checksum-crc32"];
    if (["PutObject", "UploadPart"].includes(operation) && given !== encodeCrc32(crc))
      return s3Error("BadDigest");
    switch (operation) {
      case "Create": {
        this.#metadata = metadataOf(headers);
        const type = this.checksumType;
        return {
          status: 200,
          headers:
            type === undefined ? {} : { "x-amz-checksum-type": type, "x-amz-checksum-algorithm": "CRC32" },
          body: "<InitiateMultipartUploadResult><UploadId>upload-1</UploadId></InitiateMultipartUploadResult>",
        };
      }
      case "UploadPart":
        this.#parts.set(request.part, { crc, length: request.length });
        return {
          status: 200,
          headers: {
            etag: `"part-${request.part}"`,
            ...(this.checksumType === undefined ? {} : { "x-amz-checksum-crc32": encodeCrc32(crc) }),
          },
        };
      case "Complete":
        return this.#complete(headers, request.body);
      case "PutObject":
        this.#object = { size: request.length, crc: encodeCrc32(crc), metadata: metadataOf(headers) };
        return { status: 200, headers: { etag: '"whole"' } };
      case "HeadObject":
        return this.#head();
      case "Abort":
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
    return {
      status: 200,
      body: '<CompleteMultipartUploadResult><ETag>"all"</ETag></CompleteMultipartUploadResult>',
    };
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
  return method === "HEAD" ? "HeadObject" : `${method} ${query}`;
}

/** The transfer's own client, towards the fake. */
export function clientOf(endpoint: string, stallTimeoutMs = 60_000): S3Client {
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const config = { endpoint, credentials, forcePathStyle: true };
  return createS3Clients({ stallTimeoutMs, config }).of("us-east-1");
}
