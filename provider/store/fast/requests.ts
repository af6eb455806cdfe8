import { encodeTags } from "../../../staging/classes.ts";
import { HEADER_NAMES, isHeaderField } from "../object-headers.ts";
import type {
  Body,
  BodyChecksum,
  CopyPartInput,
  CopySource,
  Description,
  ObjectAddress,
  UploadPartInput,
  VersionAddress,
} from "../object-store.ts";
import type { Input, OperationName, Output } from "../operations.ts";
import { copySourceHeader, rangeHeader } from "../sdk-fields.ts";
import { copiedObject, copiedPart, headOf, METADATA, objectsIn, tagsOf, writtenBy } from "./answers.ts";
import { encodeQuery } from "./encoding.ts";
import type { Response } from "./http.ts";

/** The HTTP request of an operation on an object. */
export interface FastRequest {
  readonly method: "GET" | "PUT" | "HEAD";
  readonly bucket: string;
  readonly key: string;
  /** Percent-encoded and sorted by name, without the `?`. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Headers;
  readonly body: Body | undefined;
  /** The source of a copy. */
  readonly source: CopySource | undefined;
}

type Headers = Record<string, string>;

const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

interface Shape<I, O> {
  /** Undefined if the SDK must send the request. */
  request(input: I): FastRequest | undefined;
  /** Undefined if the request failed or the response is malformed. */
  answer(response: Response): { readonly output: O } | undefined;
}

/** Operations that carry data, and those that each of many objects needs. */
export const FAST_OPERATIONS: {
  readonly [Name in OperationName]?: Shape<Input<Name>, Output<Name>>;
} = {
  put: {
    request: (input) => withBody(input, input, [], descriptionHeaders(input)),
    answer: success(({ headers }) => writtenBy(headers)),
  },
  uploadPart: {
    request: (input) => withBody(input, input, partQuery(input), {}),
    answer: success(({ headers }) => ({
      etag: headers["etag"] ?? "",
      crc32: headers["x-amz-checksum-crc32"],
    })),
  },
  copy: {
    request: ({ source, description, tags, checksum, ...address }) => {
      const headers = descriptionHeaders({
        headers: description?.headers,
        metadata: description?.metadata,
        tags,
      });
      headers["x-amz-metadata-directive"] = description === undefined ? "COPY" : "REPLACE";
      headers["x-amz-tagging-directive"] = "REPLACE";
      if (checksum !== undefined) headers["x-amz-checksum-algorithm"] = checksum;
      return copying(address, source, [], headers);
    },
    answer: success((response) => copiedObject(response)),
  },
  copyPart: {
    request: (input) =>
      copying(input, input.source, partQuery(input), { "x-amz-copy-source-range": rangeHeader(input.range) }),
    answer: success((response) => copiedPart(response)),
  },
  head: {
    request: (input) =>
      withoutBody("HEAD", input, versionQuery(input), {
        "x-amz-checksum-mode": "ENABLED",
        ...payerHeaders(input),
      }),
    answer: (response) =>
      response.status === 404 ? { output: undefined } : success(({ headers }) => headOf(headers))(response),
  },
  getTags: {
    request: (input) => withoutBody("GET", input, [["tagging", ""], ...versionQuery(input)], {}),
    answer: success(tagsOf),
  },
  listObjects: {
    request: ({ bucket, delimiter, restores = false, ...input }) =>
      delimiter !== undefined || restores
        ? undefined
        : withoutBody("GET", { bucket, key: "" }, pageQuery(input), payerHeaders(input)),
    answer: success(objectsIn),
  },
};

function success<O>(read: (response: Response) => O | undefined) {
  return (response: Response): { readonly output: O } | undefined => {
    const output = response.status === 200 ? read(response) : undefined;
    return output === undefined ? undefined : { output };
  };
}

function withBody(
  { bucket, key }: ObjectAddress,
  { body, checksum }: { readonly body: Body; readonly checksum?: BodyChecksum | undefined },
  query: Query,
  headers: Headers,
): FastRequest {
  headers["content-type"] ??= "application/octet-stream";
  headers["content-length"] = String(body.length);
  headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD";
  if (checksum !== undefined) {
    if ("crc32" in checksum) headers["x-amz-checksum-crc32"] = checksum.crc32;
    else headers["x-amz-checksum-sha256"] = checksum.sha256;
  }
  return { method: "PUT", bucket, key, query: encodeQuery(query), headers, source: undefined, body };
}

function withoutBody(
  method: FastRequest["method"],
  { bucket, key }: ObjectAddress,
  query: Query,
  headers: Headers,
  source?: CopySource,
): FastRequest {
  headers["x-amz-content-sha256"] = EMPTY_SHA256;
  return { method, bucket, key, query: encodeQuery(query), headers, source, body: undefined };
}

type Query = readonly (readonly [name: string, value: string])[];

const versionQuery = ({ versionId }: VersionAddress): Query =>
  versionId === undefined ? [] : [["versionId", versionId]];

const pageQuery = ({ prefix, after, pageSize, marker }: Omit<Input<"listObjects">, "bucket">): Query =>
  [
    ["list-type", "2"],
    ["encoding-type", "url"],
    ["prefix", prefix],
    ["start-after", after],
    ["max-keys", pageSize === undefined ? undefined : String(pageSize)],
    ["continuation-token", marker?.id],
  ].flatMap(([name = "", value]) => (value === undefined ? [] : [[name, value] as const]));

function copying(address: ObjectAddress, source: CopySource, query: Query, headers: Headers): FastRequest {
  headers["content-length"] = "0";
  headers["x-amz-copy-source"] = copySourceHeader(source);
  if (source.ifMatch !== undefined) headers["x-amz-copy-source-if-match"] = source.ifMatch;
  return withoutBody("PUT", address, query, Object.assign(headers, payerHeaders(source)), source);
}

const partQuery = ({ number, uploadId }: UploadPartInput | CopyPartInput): Query => [
  ["partNumber", String(number)],
  ["uploadId", uploadId],
];

const payerHeaders = ({ requestPayer }: { readonly requestPayer?: boolean | undefined }): Headers =>
  requestPayer === true ? { "x-amz-request-payer": "requester" } : {};

function descriptionHeaders({ headers = {}, metadata = {}, tags }: Description): Headers {
  const found: Headers = {};
  for (const [field, value] of Object.entries(headers)) {
    if (isHeaderField(field)) found[HEADER_NAMES[field]] = value;
  }
  for (const [name, value] of Object.entries(metadata)) found[`${METADATA}${name.toLowerCase()}`] = value;
  if (tags !== undefined) found["x-amz-tagging"] = encodeTags(tags);
  return found;
}
