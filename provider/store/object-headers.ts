import { userMetadata } from "../transfer/verify/object-facts.ts";

/**
 * What S3 keeps with an object and answers with its bytes. `expires` is the header as it was given: S3 also keeps one that is no
 * time. https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
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

/** The headers in an answer, without those that the object does not have. */
export function objectHeaders(
  answer: {
    readonly [Field in HeaderField]?: string | undefined;
  },
): ObjectHeaders {
  const found = FIELDS.map((field) => [
    field,
    field === "contentEncoding" ? unchunked(answer[field]) : answer[field],
  ]);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined && value !== ""));
}

/** Without the coding of one request's body, which some servers keep: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html */
const unchunked = (encoding: string | undefined): string | undefined =>
  encoding
    ?.split(",")
    .map((coding) => coding.trim())
    .filter((coding) => coding !== "aws-chunked")
    .join(", ");

/** What of an object goes along with its copies. */
interface Described {
  readonly headers: ObjectHeaders;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Whether two objects have the same headers and the same metadata of the user's. */
export function sameDescription(one: Described, other: Described): boolean {
  return textOf(one) === textOf(other);
}

const textOf = ({ headers, metadata }: Described): string =>
  JSON.stringify([Object.entries(headers).sort(), Object.entries(mailSafe(userMetadata(metadata))).sort()]);

/**
 * Metadata as a request can carry them: values beyond ASCII, which some servers answer as plain bytes, in the form in which S3
 * answers and takes them (RFC 2047).
 */
export function mailSafe(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [
      name,
      /^[\x20-\x7e]*$/.test(value) ? value : `=?UTF-8?B?${bytesOf(value).toString("base64")}?=`,
    ]),
  );
}

/** Node reads the bytes of a header as one character each. */
const bytesOf = (value: string): Buffer =>
  [...value].every((character) => character <= "\u00ff") ? Buffer.from(value, "latin1") : Buffer.from(value);

/** The bytes of user metadata that an object can have: of all names and values, in UTF-8. */
export const MAX_METADATA_BYTES = 2048;

/** The size of metadata as S3 counts it. */
export function metadataBytes(metadata: Readonly<Record<string, string>>): number {
  return Object.entries(metadata).reduce((sum, [name, value]) => sum + name.length + valueBytes(value), 0);
}

/** An encoded value counts as what it stands for. */
function valueBytes(value: string): number {
  const [, base64] = /^=\?UTF-8\?B\?([A-Za-z0-9+/=]*)\?=$/i.exec(value) ?? [];
  return base64 === undefined ? bytesOf(value).length : Buffer.from(base64, "base64").length;
}
