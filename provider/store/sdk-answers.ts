import { Readable } from "node:stream";
import type {
  GetObjectCommandOutput,
  HeadObjectCommandOutput,
  ListMultipartUploadsCommandOutput,
  ListObjectsV2CommandOutput,
  ListObjectVersionsCommandOutput,
  ListPartsCommandOutput,
} from "@aws-sdk/client-s3";
import { type ChecksumName, readChecksums } from "./checksums.ts";
import { objectHeaders } from "./object-headers.ts";
import type {
  Checksums,
  ListedObject,
  ListedPart,
  ListedUpload,
  ListedVersion,
  ObjectHead,
  WrittenObject,
  WrittenPart,
} from "./object-store.ts";
import type { Page } from "./operations.ts";
import { isArchive } from "./storage-class.ts";

/*
 * Converts the SDK's responses to the types of the object store.
 */

type ChecksumFields = { readonly [Name in `Checksum${ChecksumName}`]?: string | undefined };

export const checksumsIn = (fields: ChecksumFields): Checksums =>
  readChecksums((name) => fields[`Checksum${name}`]);

interface WrittenFields extends ChecksumFields {
  readonly ETag?: string | undefined;
  readonly VersionId?: string | undefined;
}

export const writtenObject = (response: WrittenFields): WrittenObject => ({
  etag: response.ETag ?? "",
  versionId: response.VersionId,
  checksums: checksumsIn(response),
});

export const writtenPart = ({ ETag, ChecksumCRC32 }: WrittenFields): WrittenPart => ({
  etag: ETag ?? "",
  crc32: ChecksumCRC32,
});

export const objectHead = (head: HeadObjectCommandOutput): ObjectHead => ({
  ...writtenObject(head),
  size: head.ContentLength ?? 0,
  lastModified: timeOf(head.LastModified),
  headers: objectHeaders({
    contentType: head.ContentType,
    contentEncoding: head.ContentEncoding,
    cacheControl: head.CacheControl,
    contentDisposition: head.ContentDisposition,
    contentLanguage: head.ContentLanguage,
    expires: head.ExpiresString,
  }),
  metadata: head.Metadata ?? {},
  missingMetadata: head.MissingMeta ?? 0,
  replication: head.ReplicationStatus,
  storageClass: head.StorageClass,
  restore: head.Restore,
  expiration: head.Expiration,
  encryption: head.ServerSideEncryption,
  retainUntil: head.ObjectLockRetainUntilDate,
  hasLegalHold: head.ObjectLockLegalHoldStatus === "ON",
});

/** The body of a response. In Node, the SDK's bodies are streams. */
export function bodyOf({ Body }: GetObjectCommandOutput): AsyncIterable<Uint8Array> {
  if (Body === undefined) return Readable.from([]);
  if (Body instanceof Readable) return Body;
  throw new Error("the answer's body is not a stream");
}

const timeOf = (time: Date | undefined): Date => time ?? new Date(0);

/** The fields of a page of ListObjectsV2 that are used here. */
export interface ObjectsPage
  extends Pick<
    ListObjectsV2CommandOutput,
    "IsTruncated" | "NextContinuationToken" | "EncodingType" | "CommonPrefixes"
  > {
  readonly Contents?:
    | readonly {
        readonly Key?: string | undefined;
        readonly Size?: number | undefined;
        readonly ETag?: string | undefined;
        readonly LastModified?: Date | undefined;
        readonly StorageClass?: string | undefined;
        readonly RestoreStatus?: { readonly IsRestoreInProgress?: boolean | undefined } | undefined;
      }[]
    | undefined;
}

export function objectsPage(page: ObjectsPage): Page<ListedObject> {
  const decode = decoderOf(page);
  const token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  return {
    items: (page.Contents ?? []).map(({ Key, Size, ETag, LastModified, StorageClass, RestoreStatus }) => ({
      key: decode(Key),
      size: Size ?? 0,
      etag: ETag ?? "",
      lastModified: timeOf(LastModified),
      storageClass: StorageClass,
      isArchived: isArchive(StorageClass) && RestoreStatus?.IsRestoreInProgress !== false,
    })),
    prefixes: prefixesIn(page),
    next: token === undefined ? undefined : { key: "", id: token },
  };
}

export function versionsPage(page: ListObjectVersionsCommandOutput): Page<ListedVersion> {
  const decode = decoderOf(page);
  const versions = (page.Versions ?? []).map((version) => ({ ...version, isDeleteMarker: false }));
  const markers = (page.DeleteMarkers ?? []).map((marker) => ({
    ...{ ETag: undefined, Size: undefined, StorageClass: undefined },
    ...marker,
    isDeleteMarker: true,
  }));
  return {
    items: [...versions, ...markers].map((version) => ({
      key: decode(version.Key),
      versionId: version.VersionId,
      size: version.Size ?? 0,
      etag: version.ETag ?? "",
      lastModified: timeOf(version.LastModified),
      storageClass: version.StorageClass,
      isLatest: version.IsLatest ?? false,
      isDeleteMarker: version.isDeleteMarker,
    })),
    prefixes: prefixesIn(page),
    next: page.IsTruncated === true ? markerOf(page, page.NextVersionIdMarker) : undefined,
  };
}

export function uploadsPage(page: ListMultipartUploadsCommandOutput): Page<ListedUpload> {
  const decode = decoderOf(page);
  return {
    items: (page.Uploads ?? []).map(({ Key, UploadId, Initiated, StorageClass }) => ({
      key: decode(Key),
      uploadId: UploadId ?? "",
      initiated: timeOf(Initiated),
      storageClass: StorageClass,
    })),
    prefixes: prefixesIn(page),
    next: page.IsTruncated === true ? markerOf(page, page.NextUploadIdMarker) : undefined,
  };
}

export function partsPage(page: ListPartsCommandOutput): Page<ListedPart> {
  const marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
  return {
    items: (page.Parts ?? []).map((part) => ({
      ...writtenPart(part),
      number: part.PartNumber ?? 0,
      size: part.Size ?? 0,
      lastModified: timeOf(part.LastModified),
      fullObject: page.ChecksumType === "FULL_OBJECT",
    })),
    prefixes: [],
    next: marker === undefined ? undefined : { key: "", id: marker },
  };
}

interface Encoded {
  readonly EncodingType?: string | undefined;
}

/** Listings request keys in URL encoding, because XML cannot hold every character. Some servers do not support it. */
const decoderOf =
  ({ EncodingType }: Encoded) =>
  (key = ""): string =>
    EncodingType === "url" && /[%+]/.test(key) ? decodeURIComponent(key.replaceAll("+", " ")) : key;

const prefixesIn = (
  page: Encoded & { readonly CommonPrefixes?: { Prefix?: string | undefined }[] | undefined },
): string[] => (page.CommonPrefixes ?? []).map(({ Prefix }) => decoderOf(page)(Prefix));

const markerOf = (page: Encoded & { readonly NextKeyMarker?: string | undefined }, id: string | undefined) =>
  page.NextKeyMarker === undefined ? undefined : { key: decoderOf(page)(page.NextKeyMarker), id };
