import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { BUCKET_SETTINGS } from "./bucket-settings.ts";
import type { SimulatedS3, Version } from "./simulated-s3.ts";

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

interface Request {
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface S3Server {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/**
 * Serves a {@link SimulatedS3} through the S3 requests that this program sends for small objects, with the simulated time in the
 * `Date` header. Other requests get a 501.
 */
export async function serveS3(s3: SimulatedS3): Promise<S3Server> {
  const server = createServer((asked, answer) => {
    void requestOf(asked).then((request) => {
      s3.clock.tick();
      const { status, headers, body } = respond(s3, request);
      answer.sendDate = false;
      answer.writeHead(status, {
        date: s3.clock.now().toUTCString(),
        "content-type": "application/xml",
        ...headers,
      });
      answer.end(request.method === "HEAD" ? undefined : body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function requestOf(asked: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = [];
  for await (const chunk of asked) chunks.push(chunk as Buffer);
  const { pathname, searchParams } = new URL(asked.url ?? "/", "http://s3");
  const [, bucket = "", key = ""] = /^\/([^/]*)\/?(.*)$/.exec(pathname) ?? [];
  const headers = Object.fromEntries(
    Object.entries(asked.headers).map(([name, value]) => [name, String(value)]),
  );
  return {
    ...{ method: asked.method ?? "GET", bucket, key: decodeURIComponent(key), query: searchParams, headers },
    body: Buffer.concat(chunks),
  };
}

function respond(s3: SimulatedS3, request: Request): Answer {
  const bucket = s3.bucket(request.bucket);
  if (bucket === undefined) return problem(request.bucket === "" ? 501 : 404, "NoSuchBucket");
  const { method, key, query, headers, body } = request;
  const current = s3.current(bucket, key);
  const route = `${method} ${key === "" ? "bucket" : "object"} ${subresourceOf(query)}`;
  switch (route) {
    case "HEAD bucket ":
      return { status: 200, headers: { "x-amz-bucket-region": bucket.region } };
    case "GET bucket versioning":
    case "GET bucket lifecycle":
    case "GET bucket replication":
      return xml(BUCKET_SETTINGS[subresourceOf(query)]?.(s3, bucket.region) ?? "");
    case "GET bucket object-lock":
      return problem(404, "ObjectLockConfigurationNotFoundError");
    case "GET bucket uploads":
      return xml("<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>");
    case "GET bucket list-type":
      return xml(listing(s3, request));
    case "GET bucket versions":
      return xml(versionListing(s3, request));
    case "POST bucket delete":
      for (const [, one = "", id] of deletionsIn(body)) s3.delete(bucket, one, id);
      return xml("<DeleteResult></DeleteResult>");
    case "PUT object ": {
      const tags = tagsOf(headers["x-amz-tagging"]);
      const source = headers["x-amz-copy-source"];
      if (source === undefined) return putAnswer(s3.put(bucket, key, { body, headers: kept(headers), tags }));
      const [, from = "", path = ""] = /^\/?([^/]+)\/([^?]*)/.exec(source) ?? [];
      const place = s3.bucket(from);
      const original = place && s3.current(place, decodeURIComponent(path));
      if (original === undefined) return problem(404, "NoSuchKey");
      const isReplaced = headers["x-amz-metadata-directive"] === "REPLACE";
      const own = isReplaced ? kept(headers) : original.headers;
      const made = s3.put(bucket, key, { body: original.body, headers: own, tags });
      return xml(
        `<CopyObjectResult><ETag>${made.etag}</ETag><LastModified>${made.createdAt.toISOString()}</LastModified><ChecksumCRC32>${made.crc32}</ChecksumCRC32><ChecksumType>FULL_OBJECT</ChecksumType></CopyObjectResult>`,
      );
    }
    case "PUT object tagging":
      if (current === undefined) return problem(404, "NoSuchKey");
      current.tags = new Map(
        [
          ...Buffer.from(body)
            .toString()
            .matchAll(/<Key>([^<]*)<\/Key><Value>([^<]*)<\/Value>/g),
        ].map(([, name = "", value = ""]) => [name, value]),
      );
      return { status: 200 };
    case "GET object tagging": {
      if (current === undefined) return problem(404, "NoSuchKey");
      const set = [...current.tags].map(([k, v]) => `<Tag><Key>${k}</Key><Value>${v}</Value></Tag>`);
      return xml(`<Tagging><TagSet>${set.join("")}</TagSet></Tagging>`);
    }
    case "HEAD object ":
    case "GET object ":
      if (current === undefined) return problem(404, "NoSuchKey");
      return { status: 200, headers: objectHeaders(current), body: current.body };
    case "DELETE object ":
      s3.delete(bucket, key, query.get("versionId") ?? undefined);
      return { status: 204 };
    default:
      return problem(501, "NotImplemented", route);
  }
}

const SUBRESOURCES = [
  ...["versioning", "lifecycle", "replication", "object-lock", "uploads", "versions", "list-type", "delete"],
  ...["tagging", "attributes", "uploadId"],
] as const;
const subresourceOf = (query: URLSearchParams): string => SUBRESOURCES.find((name) => query.has(name)) ?? "";

const xml = (body: string): Answer => ({
  status: 200,
  body: `<?xml version="1.0" encoding="UTF-8"?>${body}`,
});

const problem = (status: number, code: string, message = code): Answer => ({
  status,
  body: `<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
});

const putAnswer = ({ etag, id, crc32 }: Version): Answer => ({
  status: 200,
  headers: {
    etag,
    "x-amz-version-id": id,
    "x-amz-checksum-crc32": crc32,
    "x-amz-checksum-type": "FULL_OBJECT",
  },
});

const objectHeaders = (version: Version): Record<string, string> => ({
  ...version.headers,
  ...putAnswer(version).headers,
  "content-length": String(version.body.length),
  "last-modified": version.createdAt.toUTCString(),
  ...(version.replication === undefined ? {} : { "x-amz-replication-status": version.replication }),
});

/** The request headers that S3 stores. */
const kept = (headers: Request["headers"]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => name === "content-type" || name.startsWith("x-amz-meta-")),
  );

const tagsOf = (text = ""): Map<string, string> => new Map(new URLSearchParams(text));

function listing(s3: SimulatedS3, { bucket: name, query }: Request): string {
  const bucket = s3.bucket(name);
  const keys = [...(bucket?.keys.keys() ?? [])]
    .filter((key) => key.startsWith(query.get("prefix") ?? ""))
    .sort();
  const contents = keys.flatMap((key) => {
    const found = bucket && s3.current(bucket, key);
    if (found === undefined) return [];
    const { body, etag, createdAt } = found;
    return `<Contents><Key>${encodeURIComponent(key)}</Key><Size>${body.length}</Size><ETag>${etag}</ETag><LastModified>${createdAt.toISOString()}</LastModified></Contents>`;
  });
  return `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${contents.join("")}</ListBucketResult>`;
}

function versionListing(s3: SimulatedS3, { bucket: name, query }: Request): string {
  const all = [...(s3.bucket(name)?.keys ?? [])].filter(([key]) => key.startsWith(query.get("prefix") ?? ""));
  const rows = all.flatMap(([key, versions]) =>
    versions.map(({ id, isMarker, body, createdAt }, at) => {
      const common = `<Key>${encodeURIComponent(key)}</Key><VersionId>${id}</VersionId><IsLatest>${at === 0}</IsLatest><LastModified>${createdAt.toISOString()}</LastModified>`;
      return isMarker
        ? `<DeleteMarker>${common}</DeleteMarker>`
        : `<Version>${common}<Size>${body.length}</Size></Version>`;
    }),
  );
  return `<ListVersionsResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${rows.join("")}</ListVersionsResult>`;
}

/** XML escapes no character of an entry's keys. */
const deletionsIn = (body: Uint8Array): RegExpExecArray[] => [
  ...Buffer.from(body)
    .toString()
    .matchAll(/<Object><Key>([^<]*)<\/Key>(?:<VersionId>([^<]*)<\/VersionId>)?<\/Object>/g),
];
