import type { Tags } from "../../../staging/classes.ts";
import { type ChecksumName, readChecksums } from "../checksums.ts";
import { HEADER_NAMES, objectHeaders } from "../object-headers.ts";
import type { ListedObject, ObjectHead, WrittenObject, WrittenPart } from "../object-store.ts";
import type { Page } from "../operations.ts";
import { type ObjectsPage, objectsPage } from "../sdk-answers.ts";
import type { Response } from "./http.ts";

/*
 * Converts S3's responses to the types of the object store.
 */

type Headers = Response["headers"];

export const METADATA = "x-amz-meta-";

export const writtenBy = (headers: Headers): WrittenObject => ({
  etag: headers["etag"] ?? "",
  versionId: headers["x-amz-version-id"],
  checksums: readChecksums((name) => headers[CHECKSUM_HEADERS[name]]),
});

const CHECKSUM_HEADERS: Readonly<Record<ChecksumName, string>> = {
  CRC32: "x-amz-checksum-crc32",
  CRC32C: "x-amz-checksum-crc32c",
  CRC64NVME: "x-amz-checksum-crc64nvme",
  SHA1: "x-amz-checksum-sha1",
  SHA256: "x-amz-checksum-sha256",
  Type: "x-amz-checksum-type",
};

/** @returns undefined if the body is no such result: a copy that fails after the status 200 has an error in its body */
export function copiedObject({ body, headers }: Response): WrittenObject | undefined {
  if (!body.includes("<CopyObjectResult")) return undefined;
  return {
    etag: textOf(body, "ETag") ?? "",
    versionId: headers["x-amz-version-id"],
    checksums: readChecksums((name) => textOf(body, `Checksum${name}`)),
  };
}

/** @returns as {@link copiedObject} */
export function copiedPart({ body }: Response): WrittenPart | undefined {
  if (!body.includes("<CopyPartResult")) return undefined;
  return { etag: textOf(body, "ETag") ?? "", crc32: textOf(body, "ChecksumCRC32") };
}

/** The text of the first element of a name; undefined if there is none, or if it has elements. */
function textOf(xml: string, name: string): string | undefined {
  const start = xml.indexOf(`<${name}>`) + name.length + 2;
  const end = xml.indexOf("<", start);
  if (start < name.length + 2 || !xml.startsWith(`</${name}>`, end)) return undefined;
  return decodeXml(xml.slice(start, end));
}

/** The error of a failed response, with the fields of the SDK's errors. */
export const failedAnswer = ({ status, headers, body }: Response): Error =>
  Object.assign(new Error(textOf(body, "Message") ?? ""), {
    name: textOf(body, "Code") ?? "UnknownError",
    $metadata: { httpStatusCode: status },
    $response: { statusCode: status, headers },
  });

const TAG = /<Tag>\s*<Key>([^<]*)<\/Key>\s*(?:<Value>([^<]*)<\/Value>|<Value\s*\/>)\s*<\/Tag>/g;

/** @returns undefined if the body is not a tag set, or has parts that this function does not read */
export function tagsOf({ body }: Response): Tags | undefined {
  if (!body.includes("<Tagging")) return undefined;
  const tags = [...body.matchAll(TAG)].map(
    ([, key = "", value = ""]) => [decodeXml(key), decodeXml(value)] as const,
  );
  return tags.length === body.split("<Tag>").length - 1 ? Object.fromEntries(tags) : undefined;
}

const OBJECTS = "<Contents>";
const END_OF_OBJECT = "</Contents>";

/** @returns undefined if the body is not a page of a listing, or is incomplete */
export function objectsIn({ body }: Response): Page<ListedObject> | undefined {
  if (!body.includes("<ListBucketResult") || !body.trimEnd().endsWith("</ListBucketResult>"))
    return undefined;
  const contents: NonNullable<ObjectsPage["Contents"]>[number][] = [];
  let rest = "";
  let from = 0;
  for (let at = body.indexOf(OBJECTS); at >= 0; at = body.indexOf(OBJECTS, from)) {
    const end = body.indexOf(END_OF_OBJECT, at);
    if (end < 0) return undefined;
    const object = objectIn(body.slice(at, end));
    if (object === undefined) return undefined;
    contents.push(object);
    rest += body.slice(from, at);
    from = end + END_OF_OBJECT.length;
  }
  rest += body.slice(from);
  const [isTruncated, token] = [textOf(rest, "IsTruncated"), textOf(rest, "NextContinuationToken")];
  if (isTruncated !== "false" && token === undefined) return undefined;
  return objectsPage({
    Contents: contents,
    EncodingType: textOf(rest, "EncodingType") === "url" ? "url" : undefined,
    IsTruncated: isTruncated !== "false",
    NextContinuationToken: token,
  });
}

function objectIn(xml: string) {
  const [Key, Size] = [textOf(xml, "Key"), Number(textOf(xml, "Size"))];
  const LastModified = new Date(textOf(xml, "LastModified") ?? "");
  if (Key === undefined || !Number.isSafeInteger(Size) || Number.isNaN(LastModified.getTime()))
    return undefined;
  return { Key, Size, LastModified, ETag: textOf(xml, "ETag"), StorageClass: textOf(xml, "StorageClass") };
}

const NAMED: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

/** The predefined entities and character references. https://www.w3.org/TR/xml/#sec-references */
const decodeXml = (text: string): string =>
  !text.includes("&")
    ? text
    : text.replace(
        /&(?:(lt|gt|quot|apos|amp)|#(\d+)|#x([\da-fA-F]+));/g,
        (_, name?: string, decimal?: string, hex = "") =>
          name === undefined
            ? String.fromCodePoint(decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal))
            : (NAMED[name] ?? ""),
      );

export function headOf(headers: Headers): ObjectHead {
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith(METADATA));
  const kept = Object.entries(HEADER_NAMES).map(([field, name]) => [field, headers[name]]);
  const retainUntil = headers["x-amz-object-lock-retain-until-date"];
  return {
    ...writtenBy(headers),
    size: Number(headers["content-length"] ?? 0),
    lastModified: new Date(headers["last-modified"] ?? 0),
    headers: objectHeaders(Object.fromEntries(kept)),
    metadata: Object.fromEntries(metadata.map(([name, value]) => [name.slice(METADATA.length), value])),
    missingMetadata: Number(headers["x-amz-missing-meta"] ?? 0),
    replication: headers["x-amz-replication-status"],
    storageClass: headers["x-amz-storage-class"],
    restore: headers["x-amz-restore"],
    expiration: headers["x-amz-expiration"],
    encryption: headers["x-amz-server-side-encryption"],
    retainUntil: retainUntil === undefined ? undefined : new Date(retainUntil),
    hasLegalHold: headers["x-amz-object-lock-legal-hold"] === "ON",
  };
}
