import {
  CopyObjectCommand,
  type CopyObjectCommandOutput,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  PutObjectCommand,
  type PutObjectCommandOutput,
  UploadPartCommand,
  type UploadPartCommandOutput,
  UploadPartCopyCommand,
  type UploadPartCopyCommandOutput,
} from "@aws-sdk/client-s3";
import { FileBody } from "../file-body.ts";
import { encodeQuery } from "./encoding.ts";
import type { Response } from "./response.ts";

/** A command of the SDK as the HTTP request that it is. */
export interface QuickRequest {
  readonly method: "PUT" | "HEAD";
  readonly bucket: string;
  readonly key: string;
  /** Percent-encoded and sorted by name, without the `?`. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | FileBody | undefined;
  /** What the SDK would answer. Undefined: let the SDK ask again. */
  readonly answer: (headers: Response["headers"], body: string) => object | undefined;
}

type Input = Readonly<Record<string, unknown>>;

/** How each input of a command is sent. A command with any other input is not for the quick way. */
interface Shape {
  readonly method: QuickRequest["method"];
  readonly headers: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly hasBody: boolean;
  readonly answer: QuickRequest["answer"];
}

const HEADER_NAMES = {
  ContentType: "content-type",
  ContentEncoding: "content-encoding",
  CacheControl: "cache-control",
  ContentDisposition: "content-disposition",
  ContentLanguage: "content-language",
  ExpiresString: "expires",
} as const;

const METADATA = "x-amz-meta-";

/** Of an object that is being made. */
const CREATION = { ...HEADER_NAMES, Tagging: "x-amz-tagging" } as const;
const PAYER = { RequestPayer: "x-amz-request-payer" } as const;
/** Of a body. */
const BODY = { ContentLength: "content-length", ChecksumCRC32: "x-amz-checksum-crc32" } as const;

const PART = { PartNumber: "partNumber", UploadId: "uploadId" } as const;

const SHAPES = new Map<unknown, Shape>([
  [
    PutObjectCommand,
    {
      method: "PUT",
      headers: { ...CREATION, ...BODY },
      hasBody: true,
      answer: (headers) => putAnswer(headers),
    },
  ],
  [
    UploadPartCommand,
    {
      method: "PUT",
      headers: BODY,
      query: PART,
      hasBody: true,
      answer: (headers) => putAnswer(headers),
    },
  ],
  [
    CopyObjectCommand,
    {
      method: "PUT",
      headers: {
        ...CREATION,
        ...PAYER,
        CopySource: "x-amz-copy-source",
        CopySourceIfMatch: "x-amz-copy-source-if-match",
        MetadataDirective: "x-amz-metadata-directive",
        TaggingDirective: "x-amz-tagging-directive",
      },
      hasBody: false,
      answer: (headers, body) => copyAnswer(headers, body),
    },
  ],
  [
    UploadPartCopyCommand,
    {
      method: "PUT",
      headers: {
        ...PAYER,
        CopySource: "x-amz-copy-source",
        CopySourceIfMatch: "x-amz-copy-source-if-match",
        CopySourceRange: "x-amz-copy-source-range",
      },
      query: PART,
      hasBody: false,
      answer: (headers, body) => copyPartAnswer(headers, body),
    },
  ],
  [
    HeadObjectCommand,
    {
      method: "HEAD",
      headers: { ...PAYER, ChecksumMode: "x-amz-checksum-mode" },
      query: { VersionId: "versionId" },
      hasBody: false,
      answer: (headers) => headAnswer(headers),
    },
  ],
]);

/** The command's HTTP request; undefined for commands and inputs that only the SDK knows. */
export function quickRequest(command: object): QuickRequest | undefined {
  const shape = SHAPES.get(command.constructor);
  if (shape === undefined) return undefined;
  const headers: Record<string, string> = {};
  const query: [name: string, value: string][] = [];
  let bucket = "";
  let key = "";
  let body: Uint8Array | FileBody | undefined;
  for (const [name, value] of Object.entries((command as { readonly input: Input }).input)) {
    if (value === undefined) continue;
    const header = shape.headers[name];
    const parameter = shape.query?.[name];
    if (name === "Bucket") bucket = String(value);
    else if (name === "Key") key = String(value);
    else if (header !== undefined) headers[header] = String(value);
    else if (parameter !== undefined) query.push([parameter, String(value)]);
    else if (name === "Body" && shape.hasBody && (value instanceof Uint8Array || value instanceof FileBody))
      body = value;
    else if (name === "Metadata" && shape.method === "PUT")
      addMetadata(headers, value as Record<string, string>);
    else return undefined;
  }
  if (bucket === "" || key === "" || (shape.hasBody && body === undefined)) return undefined;
  headers["x-amz-content-sha256"] = shape.hasBody ? "UNSIGNED-PAYLOAD" : EMPTY_SHA256;
  if (shape.hasBody) headers["content-type"] ??= "application/octet-stream";
  if (shape.method === "PUT") headers["content-length"] = String(body?.length ?? 0);
  return {
    method: shape.method,
    bucket,
    key,
    query: encodeQuery(query),
    headers,
    body,
    answer: shape.answer,
  };
}

const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

function addMetadata(headers: Record<string, string>, metadata: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(metadata)) headers[`${METADATA}${name.toLowerCase()}`] = value;
}

/** What every answer to an upload says; the SDK's names for it. */
function putAnswer(headers: Response["headers"]): PutObjectCommandOutput & UploadPartCommandOutput {
  return {
    $metadata: { httpStatusCode: 200, attempts: 1 },
    ...present({
      ETag: headers["etag"],
      VersionId: headers["x-amz-version-id"],
      ...checksums((name) => headers[`x-amz-checksum-${name.toLowerCase()}`]),
    }),
  };
}

const ELEMENT = /<(\w+)>([^<]*)<\/\1>/g;

function copyAnswer(headers: Response["headers"], body: string): CopyObjectCommandOutput | undefined {
  const CopyObjectResult = copyResult("CopyObjectResult", body);
  return CopyObjectResult && { ...copied(headers), CopyObjectResult };
}

function copyPartAnswer(headers: Response["headers"], body: string): UploadPartCopyCommandOutput | undefined {
  const CopyPartResult = copyResult("CopyPartResult", body);
  return CopyPartResult && { ...copied(headers), CopyPartResult };
}

const copied = (headers: Response["headers"]) => ({
  $metadata: { httpStatusCode: 200, attempts: 1 },
  ...present({ VersionId: headers["x-amz-version-id"] }),
});

/** S3 may find out after the status of success that a copy fails; then the body is an error, and the result undefined. */
function copyResult(name: string, body: string) {
  if (!body.includes(`<${name}`)) return undefined;
  const elements = new Map<string, string>();
  for (const [, element = "", value = ""] of body.matchAll(ELEMENT)) {
    elements.set(element, value.replaceAll("&quot;", '"').replaceAll("&#34;", '"'));
  }
  return present({
    ETag: elements.get("ETag"),
    ...checksums((algorithm) => elements.get(`Checksum${algorithm}`)),
  });
}

function headAnswer(headers: Response["headers"]): HeadObjectCommandOutput {
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith(METADATA));
  const length = headers["content-length"];
  const modified = headers["last-modified"];
  const missing = headers["x-amz-missing-meta"];
  const kept = Object.entries(HEADER_NAMES).map(([field, name]) => [field, headers[name]]);
  return {
    $metadata: { httpStatusCode: 200, attempts: 1 },
    Metadata: Object.fromEntries(metadata.map(([name, value]) => [name.slice(METADATA.length), value])),
    ...present({
      ContentLength: length === undefined ? undefined : Number(length),
      ...Object.fromEntries(kept),
      MissingMeta: missing === undefined ? undefined : Number(missing),
      ETag: headers["etag"],
      LastModified: modified === undefined ? undefined : new Date(modified),
      VersionId: headers["x-amz-version-id"],
      ReplicationStatus: headers["x-amz-replication-status"] as
        | HeadObjectCommandOutput["ReplicationStatus"]
        | undefined,
      ...checksums((name) => headers[`x-amz-checksum-${name.toLowerCase()}`]),
    }),
  };
}

type Checksums = Pick<
  HeadObjectCommandOutput,
  | "ChecksumCRC32"
  | "ChecksumCRC32C"
  | "ChecksumCRC64NVME"
  | "ChecksumSHA1"
  | "ChecksumSHA256"
  | "ChecksumType"
>;

const checksums = (
  read: (name: string) => string | undefined,
): { [Name in keyof Checksums]: Checksums[Name] } => ({
  ChecksumCRC32: read("CRC32"),
  ChecksumCRC32C: read("CRC32C"),
  ChecksumCRC64NVME: read("CRC64NVME"),
  ChecksumSHA1: read("SHA1"),
  ChecksumSHA256: read("SHA256"),
  ChecksumType: read("Type") as Checksums["ChecksumType"],
});

/** Without what is undefined. */
function present<T extends object>(fields: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: Exclude<T[Name], undefined>;
  };
}
