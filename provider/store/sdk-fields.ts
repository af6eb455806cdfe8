import { encodeTags } from "../../staging/classes.ts";
import type { ObjectHeaders } from "./object-headers.ts";
import type {
  Billed,
  BodyChecksum,
  CopySource,
  Description,
  ListInput,
  ObjectAddress,
  Range,
  UploadAddress,
  VersionAddress,
} from "./object-store.ts";

/*
 * Converts inputs of the object store to fields of the SDK's commands.
 */

export const creation = ({ bucket, key, headers, metadata, tags }: ObjectAddress & Description) => ({
  ...{ Bucket: bucket, Key: key },
  ...headerFields(headers),
  Metadata: metadata && { ...metadata },
  Tagging: tags && encodeTags(tags),
});

/** `unchangedExpires` sends the `ExpiresString`. */
export const headerFields = (headers: ObjectHeaders = {}) => ({
  ContentType: headers.contentType,
  ContentEncoding: headers.contentEncoding,
  CacheControl: headers.cacheControl,
  ContentDisposition: headers.contentDisposition,
  ContentLanguage: headers.contentLanguage,
  ExpiresString: headers.expires,
});

export const bodyFields = (bytes: Uint8Array, checksum: BodyChecksum | undefined) => ({
  ...{ Body: bytes, ContentLength: bytes.length },
  ...(checksum === undefined
    ? {}
    : "crc32" in checksum
      ? { ChecksumCRC32: checksum.crc32 }
      : { ChecksumSHA256: checksum.sha256 }),
});

export const uploadFields = ({ bucket, key, uploadId }: UploadAddress) =>
  ({ Bucket: bucket, Key: key, UploadId: uploadId }) as const;

export const versionFields = ({ bucket, key, versionId }: VersionAddress) =>
  ({ Bucket: bucket, Key: key, VersionId: versionId }) as const;

export const sourceFields = (source: CopySource) => ({
  ...{ CopySource: copySourceHeader(source), CopySourceIfMatch: source.ifMatch },
  ...paidFor(source),
});

export const listFields = ({ bucket, prefix, delimiter, ...billed }: ListInput) => ({
  ...{ Bucket: bucket, Prefix: prefix, Delimiter: delimiter, EncodingType: "url" as const },
  ...paidFor(billed),
});

/**
 * The input that accepts the charges of a command.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ObjectsinRequesterPaysBuckets.html
 */
export const paidFor = ({ requestPayer }: Billed): { RequestPayer?: "requester" } =>
  requestPayer === true ? { RequestPayer: "requester" } : {};

/** `bytes=0-9`: the last byte is part of the range. */
export const rangeHeader = ({ offset, length }: Range): string => `bytes=${offset}-${offset + length - 1}`;

/** The `x-amz-copy-source` header: the parts of the path are URL-encoded, the slashes between them are not. */
export function copySourceHeader({ bucket, key, versionId }: CopySource): string {
  const path = [bucket, ...key.split("/")].map(encodeURIComponent).join("/");
  return versionId === undefined ? path : `${path}?versionId=${encodeURIComponent(versionId)}`;
}
