import { readChecksums } from "../checksums.ts";
import { HEADER_NAMES, objectHeaders } from "../object-headers.ts";
import type { ObjectHead, WrittenObject, WrittenPart } from "../object-store.ts";
import type { Response } from "./http.ts";

/*
 * Answers of S3 in the words of the object store.
 */

type Headers = Response["headers"];

export const METADATA = "x-amz-meta-";

export const writtenBy = (headers: Headers): WrittenObject => ({
  etag: headers["etag"] ?? "",
  versionId: headers["x-amz-version-id"],
  checksums: readChecksums((name) => headers[`x-amz-checksum-${name.toLowerCase()}`]),
});

const ELEMENT = /<(\w+)>([^<]*)<\/\1>/g;

/** @returns undefined where the body is no such result, but the error with which a copy has failed after its status of success */
export function copiedObject(response: Response): WrittenObject | undefined {
  const elements = elementsOf("CopyObjectResult", response);
  return (
    elements && {
      etag: elements.get("ETag") ?? "",
      versionId: response.headers["x-amz-version-id"],
      checksums: readChecksums((name) => elements.get(`Checksum${name}`)),
    }
  );
}

/** @returns as {@link copiedObject} */
export function copiedPart(response: Response): WrittenPart | undefined {
  const elements = elementsOf("CopyPartResult", response);
  return elements && { etag: elements.get("ETag") ?? "", crc32: elements.get("ChecksumCRC32") };
}

function elementsOf(result: string, { body }: Response): Map<string, string> | undefined {
  if (!body.includes(`<${result}`)) return undefined;
  const elements = new Map<string, string>();
  for (const [, element = "", value = ""] of body.matchAll(ELEMENT)) {
    elements.set(element, value.replaceAll("&quot;", '"').replaceAll("&#34;", '"'));
  }
  return elements;
}

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
