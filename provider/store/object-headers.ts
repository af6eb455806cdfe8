import { userMetadata } from "./object-facts.ts";

/**
 * Headers that S3 stores with an object and sends with its bytes. `expires` is the header's unchanged text: S3 also
 * stores a text that is no time. https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
 */
export const HEADER_NAMES = {
  contentType: "content-type",
  contentEncoding: "content-encoding",
  cacheControl: "cache-control",
  contentDisposition: "content-disposition",
  contentLanguage: "content-language",
  expires: "expires",
} as const;

type HeaderField = keyof typeof HEADER_NAMES;

export type ObjectHeaders = { readonly [Field in HeaderField]?: string };

export const isHeaderField = (name: string): name is HeaderField => name in HEADER_NAMES;

const FIELDS = Object.keys(HEADER_NAMES).filter(isHeaderField);

/** The headers in a response, without those that the object does not have. */
export function objectHeaders(
  response: {
    readonly [Field in HeaderField]?: string | undefined;
  },
): ObjectHeaders {
  const found = FIELDS.map((field) => [
    field,
    field === "contentEncoding" ? unchunked(response[field]) : response[field],
  ]);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined && value !== ""));
}

/**
 * Removes the coding of the upload's body, which some servers store:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
const unchunked = (encoding: string | undefined): string | undefined =>
  encoding
    ?.split(",")
    .map((coding) => coding.trim())
    .filter((coding) => coding !== "aws-chunked")
    .join(", ");

/** The description that copies of an object share with it. */
interface Described {
  readonly headers: ObjectHeaders;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Whether two objects have the same headers and the same user metadata. */
export function sameDescription(one: Described, other: Described): boolean {
  return textOf(one) === textOf(other);
}

const textOf = ({ headers, metadata }: Described): string =>
  JSON.stringify([Object.entries(headers).sort(), Object.entries(mailSafe(userMetadata(metadata))).sort()]);

/**
 * Encodes metadata for a request. Values with other than ASCII characters get the form of RFC 2047, which S3 accepts
 * and returns; some servers return them as plain bytes.
 */
export function mailSafe(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [
      name,
      /^[\x20-\x7e]*$/.test(value) ? value : `=?UTF-8?B?${bytesOf(value).toString("base64")}?=`,
    ]),
  );
}

/** Node decodes each byte of a header as one character. */
const bytesOf = (value: string): Buffer =>
  [...value].every((character) => character <= "\u00ff") ? Buffer.from(value, "latin1") : Buffer.from(value);

/** Maximum bytes of an object's user metadata: all names and values, in UTF-8. */
export const MAX_METADATA_BYTES = 2048;

/** The size of metadata as S3 counts it. */
export function metadataBytes(metadata: Readonly<Record<string, string>>): number {
  return Object.entries(metadata).reduce((sum, [name, value]) => sum + name.length + valueBytes(value), 0);
}

/** The size of the decoded value: S3 counts an encoded value decoded. */
function valueBytes(value: string): number {
  const [, base64] = /^=\?UTF-8\?B\?([A-Za-z0-9+/=]*)\?=$/i.exec(value) ?? [];
  return base64 === undefined ? bytesOf(value).length : Buffer.from(base64, "base64").length;
}
