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
} from "../object-store.ts";
import type { Input, OperationName, Output } from "../operations.ts";
import { copySourceHeader, rangeHeader } from "../sdk-fields.ts";
import { copiedObject, copiedPart, headOf, METADATA, writtenBy } from "./answers.ts";
import { encodeQuery } from "./encoding.ts";
import type { Response } from "./http.ts";

/** What is asked of an object, as the HTTP request that it is. */
export interface FastRequest {
  readonly method: "PUT" | "HEAD";
  readonly bucket: string;
  readonly key: string;
  /** Percent-encoded and sorted by name, without the `?`. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body | undefined;
  /** What is copied. */
  readonly source: CopySource | undefined;
}

const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

interface Shape<I, O> {
  request(input: I): FastRequest;
  /** Undefined: no success, or it makes no sense. */
  answer(response: Response): { readonly output: O } | undefined;
}

/** The operations that carry data, or that many objects need one each of. */
export const FAST_OPERATIONS: {
  readonly [Name in OperationName]?: Shape<Input<Name>, Output<Name>>;
} = {
  put: {
    request: (input) => withBody(input, input, "", descriptionHeaders(input)),
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
    request: ({ source, description, tags, checksum, ...address }) =>
      copying(address, source, "", {
        ...descriptionHeaders({ ...description, tags }),
        "x-amz-metadata-directive": description === undefined ? "COPY" : "REPLACE",
        "x-amz-tagging-directive": "REPLACE",
        ...(checksum === undefined ? {} : { "x-amz-checksum-algorithm": checksum }),
      }),
    answer: success((response) => copiedObject(response)),
  },
  copyPart: {
    request: (input) =>
      copying(input, input.source, partQuery(input), { "x-amz-copy-source-range": rangeHeader(input.range) }),
    answer: success((response) => copiedPart(response)),
  },
  head: {
    request: (input) => ({
      ...{ method: "HEAD", bucket: input.bucket, key: input.key, source: undefined, body: undefined },
      query: input.versionId === undefined ? "" : encodeQuery([["versionId", input.versionId]]),
      headers: {
        "x-amz-checksum-mode": "ENABLED",
        "x-amz-content-sha256": EMPTY_SHA256,
        ...payerHeaders(input),
      },
    }),
    answer: (response) =>
      response.status === 404 ? { output: undefined } : success(({ headers }) => headOf(headers))(response),
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
  query: string,
  headers: Readonly<Record<string, string>>,
): FastRequest {
  return {
    ...{ method: "PUT", bucket, key, query, source: undefined, body },
    headers: {
      "content-type": "application/octet-stream",
      ...headers,
      "content-length": String(body.length),
      "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
      ...(checksum === undefined
        ? {}
        : "crc32" in checksum
          ? { "x-amz-checksum-crc32": checksum.crc32 }
          : { "x-amz-checksum-sha256": checksum.sha256 }),
    },
  };
}

const copying = (
  { bucket, key }: ObjectAddress,
  source: CopySource,
  query: string,
  headers: Readonly<Record<string, string>>,
): FastRequest => ({
  ...{ method: "PUT", bucket, key, query, source, body: undefined },
  headers: {
    ...headers,
    "content-length": "0",
    "x-amz-content-sha256": EMPTY_SHA256,
    "x-amz-copy-source": copySourceHeader(source),
    ...(source.ifMatch === undefined ? {} : { "x-amz-copy-source-if-match": source.ifMatch }),
    ...payerHeaders(source),
  },
});

const partQuery = ({ number, uploadId }: UploadPartInput | CopyPartInput): string =>
  encodeQuery([
    ["partNumber", String(number)],
    ["uploadId", uploadId],
  ]);

const payerHeaders = ({ requestPayer }: { readonly requestPayer?: boolean | undefined }) =>
  requestPayer === true ? { "x-amz-request-payer": "requester" } : {};

function descriptionHeaders({ headers = {}, metadata = {}, tags }: Description): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [field, value] of Object.entries(headers)) {
    if (isHeaderField(field)) found[HEADER_NAMES[field]] = value;
  }
  for (const [name, value] of Object.entries(metadata)) found[`${METADATA}${name.toLowerCase()}`] = value;
  if (tags !== undefined) found["x-amz-tagging"] = encodeTags(tags);
  return found;
}
