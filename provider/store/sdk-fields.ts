import { encodeTags } from "../../staging/classes.ts";
import type { ObjectHeaders } from "./object-headers.ts";
import type {
  BodyChecksum,
  CopySource,
  Description,
  ListInput,
  ObjectAddress,
  Range,
  UploadAddress,
  VersionAddress,
} from "./object-store.ts";
import { paidFor } from "./request-payer.ts";

/*
 * Converts inputs of the object store to fields of the SDK's commands.
 */

export const creation = ({ bucket, key, headers, metadata, tags }: ObjectAddress & Description) => ({
  ...{ Bucket: bucket, Key: key },
  ...headerFields(headers),
  ...(metadata === undefined ? {} : { Metadata: { ...metadata } }),
  ...(tags === undefined ? {} : { Tagging: encodeTags(tags) }),
});

/** `sendExpiresUnchanged` sends the `ExpiresString`. */
export const headerFields = (headers: ObjectHeaders = {}) => ({
  ContentType: headers.contentType,
  ContentEncoding: headers.contentEncoding,
  CacheControl: headers.cacheControl,
  ContentDisposition: headers.contentDisposition,
  ContentLanguage: headers.contentLanguage,
  ...(headers.expires === undefined ? {} : { ExpiresString: headers.expires }),
});

export const bodyFields = (bytes: Uint8Array, checksum: BodyChecksum | undefined) => ({
  ...{ Body: bytes, ContentLength: bytes.length },
  ...(checksum === undefined
    ? {}
    : "crc32" in checksum
      ? { ChecksumCRC32: checksum.crc32 }
      : { ChecksumSHA256: checksum.sha256 }),
});

export const uploadFields = ({ bucket, key, uploadId }: UploadAddress) => ({
  ...{ Bucket: bucket, Key: key, UploadId: uploadId },
});

export const versionFields = ({ bucket, key, versionId }: VersionAddress) => ({
  ...{ Bucket: bucket, Key: key },
  ...(versionId === undefined ? {} : { VersionId: versionId }),
});

export const sourceFields = (source: CopySource) => ({
  CopySource: copySourceHeader(source),
  ...(source.ifMatch === undefined ? {} : { CopySourceIfMatch: source.ifMatch }),
  ...paidFor(source),
});

export const listFields = ({ bucket, prefix, delimiter, ...billed }: ListInput) => ({
  ...{ Bucket: bucket, EncodingType: "url" as const },
  ...(prefix === undefined ? {} : { Prefix: prefix }),
  ...(delimiter === undefined ? {} : { Delimiter: delimiter }),
  ...paidFor(billed),
});

/** `bytes=0-9`: the last byte is part of the range. */
export const rangeHeader = ({ offset, length }: Range): string => `bytes=${offset}-${offset + length - 1}`;

/** The `x-amz-copy-source` header: the parts of the path are URL-encoded, the slashes between them are not. */
export function copySourceHeader({ bucket, key, versionId }: CopySource): string {
  const path = [bucket, ...key.split("/")].map(encodeURIComponent).join("/");
  return versionId === undefined ? path : `${path}?versionId=${encodeURIComponent(versionId)}`;
}
