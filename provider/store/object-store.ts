import type { Tags } from "../../staging/classes.ts";
import type { Bandwidth } from "../flow/bandwidth.ts";
import type { FileBody } from "./file-body.ts";
import type { ObjectHeaders } from "./object-headers.ts";

export interface ObjectAddress {
  readonly bucket: string;
  readonly key: string;
}

/** A location on S3 whose bucket may be Requester Pays. */
export interface Billed {
  /** Whether the account in use pays for requests and transfer if the bucket is Requester Pays. @default false */
  readonly requestPayer?: boolean | undefined;
}

/** Bytes in memory, or a section of a file that is read while it is sent. */
export type Body = Uint8Array | FileBody;

/** The checksum of a body, in base64. S3 rejects other bytes. */
export type BodyChecksum = { readonly crc32: string } | { readonly sha256: string };

/** Checksums that the server computed, in base64. `CRC32/FULL_OBJECT` names the algorithm and the bytes it covers. */
export type Checksums = ReadonlyMap<string, string>;

/** Headers, metadata and tags of a new object. */
export interface Description {
  readonly headers?: ObjectHeaders | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly tags?: Tags | undefined;
}

export interface PutInput extends ObjectAddress, Description {
  readonly body: Body;
  readonly checksum?: BodyChecksum | undefined;
}

export interface WrittenObject {
  /** With its quotes; empty if the server sends none. */
  readonly etag: string;
  readonly versionId: string | undefined;
  readonly checksums: Checksums;
}

export interface UploadAddress extends ObjectAddress {
  readonly uploadId: string;
}

export interface CreateUploadInput extends ObjectAddress, Description {
  /** The CRC32 that S3 stores for the object: of its bytes, or of its parts' checksums. @default none */
  readonly crc32?: "FULL_OBJECT" | "COMPOSITE" | undefined;
}

export interface CreatedUpload {
  readonly uploadId: string;
  /** Whether the server stores a checksum of the whole object. */
  readonly fullObject: boolean;
}

export interface UploadPartInput extends UploadAddress {
  /** Starts at 1. */
  readonly number: number;
  readonly body: Body;
  readonly checksum?: BodyChecksum | undefined;
}

export interface WrittenPart {
  readonly etag: string;
  /** As the server sends it; undefined if it stores none. */
  readonly crc32: string | undefined;
}

/** The object that a copy reads. */
export interface CopySource extends ObjectAddress, Billed {
  /** @default the current version */
  readonly versionId?: string | undefined;
  /** The ETag that the source must have. */
  readonly ifMatch?: string | undefined;
  /** Whether the source's bucket may belong to any account. @default false */
  readonly anyOwner?: boolean | undefined;
}

export interface CopyPartInput extends UploadAddress {
  readonly number: number;
  readonly source: CopySource;
  readonly range: Range;
}

export interface Range {
  readonly offset: number;
  readonly length: number;
}

export interface CompletedPart extends WrittenPart {
  readonly number: number;
}

export interface CompleteUploadInput extends UploadAddress {
  /** In the order of their numbers. */
  readonly parts: readonly CompletedPart[];
  /** Bytes that the object must have. */
  readonly size: number;
  /** The CRC32 that the whole object must have. @default not compared */
  readonly fullCrc32?: string | undefined;
}

export interface CopyInput extends ObjectAddress {
  readonly source: CopySource;
  /** Headers and metadata of the copy. @default the source's */
  readonly description?: Omit<Description, "tags"> | undefined;
  /** Tags of the copy. They replace those of the source. */
  readonly tags: Tags;
  /** The checksum that S3 computes for the copy. @default the one that the source has */
  readonly checksum?: "CRC32" | "SHA256" | undefined;
}

export interface VersionAddress extends ObjectAddress {
  /** @default the current version */
  readonly versionId?: string | undefined;
}

export interface HeadInput extends VersionAddress, Billed {}

/** An object's properties on the server. */
export interface ObjectHead extends WrittenObject {
  readonly size: number;
  readonly lastModified: Date;
  readonly headers: ObjectHeaders;
  readonly metadata: Readonly<Record<string, string>>;
  /** The number of metadata entries that S3 cannot send as headers. */
  readonly missingMetadata: number;
  /** For a source: PENDING, COMPLETED or FAILED, for all destinations together. For a replica: REPLICA. */
  readonly replication: string | undefined;
  /** Undefined if it is STANDARD. */
  readonly storageClass: string | undefined;
  /** The `x-amz-restore` header of an archived object. */
  readonly restore: string | undefined;
  /** The `x-amz-expiration` header: when a lifecycle rule removes the object, and which one. */
  readonly expiration: string | undefined;
  /** `AES256`, `aws:kms` or another algorithm. */
  readonly encryption: string | undefined;
  /** The end of the version's retention by Object Lock. */
  readonly retainUntil: Date | undefined;
  readonly hasLegalHold: boolean;
}

export interface GetInput extends VersionAddress, Billed {
  /** @default the whole object */
  readonly range?: Range | undefined;
  /** The ETag that the object must have. */
  readonly ifMatch?: string | undefined;
}

export interface ListInput extends Billed {
  readonly bucket: string;
  /** @default every key */
  readonly prefix?: string | undefined;
  /** Keys with this text after the prefix are listed as one common prefix. @default none */
  readonly delimiter?: string | undefined;
  /** Entries per page; S3 sends at most 1,000. @default 1,000 */
  readonly pageSize?: number | undefined;
}

export interface ListObjectsInput extends ListInput {
  /** Lists only the keys after this one, in the order of their bytes. */
  readonly after?: string | undefined;
  /** Whether to read if archived objects are restored, on servers that report it. @default false */
  readonly restores?: boolean | undefined;
}

/** An object in a listing. */
export interface ListedObject {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly lastModified: Date;
  readonly storageClass: string | undefined;
  /** Whether the object must be restored before it can be read, as far as the listing shows. */
  readonly isArchived: boolean;
}

/** A version of an object, or a delete marker. */
export interface ListedVersion extends Omit<ListedObject, "isArchived"> {
  readonly versionId: string | undefined;
  readonly isLatest: boolean;
  readonly isDeleteMarker: boolean;
}

/** A multipart upload that was neither completed nor aborted. */
export interface ListedUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly initiated: Date;
  readonly storageClass: string | undefined;
}

export interface ListPartsInput extends UploadAddress {
  /** @default 1,000 */
  readonly pageSize?: number | undefined;
}

export interface ListedPart extends CompletedPart {
  readonly size: number;
  /** When the server received the part. */
  readonly lastModified: Date;
  /** Whether the server stores a checksum of the whole object for this upload. */
  readonly fullObject: boolean;
}

/** A version to delete. Without an ID, a versioned bucket gets a delete marker. */
export interface DeletedVersion {
  readonly key: string;
  readonly versionId?: string | undefined;
}

/** Why a key could not be deleted. */
export interface DeletionFailure extends DeletedVersion {
  readonly code: string;
  readonly message: string;
}

/**
 * The objects of one endpoint: a region of AWS, or another server. Each method retries transient errors. It throws the
 * server's error, which `connection/errors/` interprets; `NoAnswerError` if the server does not respond; and the
 * signal's reason after an abort. `S3Clients.store` returns the store of a region.
 */
export interface ObjectStore {
  readonly region: string;
  /**
   * The limit of bytes per second. The store applies it to the bodies that it sends; callers apply it to the bodies
   * that they read. @default none
   */
  readonly bandwidth?: Bandwidth | undefined;
  /** Sends an object in one request. */
  put(input: PutInput, signal?: AbortSignal): Promise<WrittenObject>;
  createUpload(input: CreateUploadInput, signal?: AbortSignal): Promise<CreatedUpload>;
  uploadPart(input: UploadPartInput, signal?: AbortSignal): Promise<WrittenPart>;
  copyPart(input: CopyPartInput, signal?: AbortSignal): Promise<WrittenPart>;
  /**
   * Completes the multipart upload. Also resolves if the response to a first attempt was lost and the retry finds no
   * upload, so the caller must always verify the object.
   */
  completeUpload(input: CompleteUploadInput, signal?: AbortSignal): Promise<void>;
  /** Succeeds if the upload no longer exists. */
  abortUpload(input: UploadAddress, signal?: AbortSignal): Promise<void>;
  /** Copies an object of at most 5 GiB on the server. */
  copy(input: CopyInput, signal?: AbortSignal): Promise<WrittenObject>;
  /** @returns undefined if there is no such object, or no such bucket */
  head(input: HeadInput, signal?: AbortSignal): Promise<ObjectHead | undefined>;
  /** The checksums of an object. Not every server sends them in the response to `head`. */
  checksums(input: HeadInput, signal?: AbortSignal): Promise<Checksums>;
  get(input: GetInput, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Current objects, in the order of their keys' bytes. */
  listObjects(input: ListObjectsInput, signal?: AbortSignal): AsyncIterable<ListedObject>;
  /** The common prefixes of current objects. */
  listPrefixes(
    input: ListObjectsInput & { readonly delimiter: string },
    signal?: AbortSignal,
  ): AsyncIterable<string>;
  /** Versions and delete markers, page by page: within a page all versions precede the delete markers. */
  listVersions(input: ListInput, signal?: AbortSignal): AsyncIterable<ListedVersion>;
  /** The common prefixes of versions and delete markers. */
  listVersionPrefixes(
    input: ListInput & { readonly delimiter: string },
    signal?: AbortSignal,
  ): AsyncIterable<string>;
  listUploads(input: ListInput, signal?: AbortSignal): AsyncIterable<ListedUpload>;
  listParts(input: ListPartsInput, signal?: AbortSignal): AsyncIterable<ListedPart>;
  /**
   * Deletes versions, in batches.
   * @returns the versions that the server refused to delete, and why
   */
  deleteVersions(
    bucket: string,
    versions: readonly DeletedVersion[],
    signal?: AbortSignal,
  ): Promise<DeletionFailure[]>;
  /** Deletes a version. Without a version ID, deletes the object; a versioned bucket then keeps all versions and adds a delete marker. */
  delete(input: VersionAddress, signal?: AbortSignal): Promise<void>;
  getTags(input: VersionAddress, signal?: AbortSignal): Promise<Tags>;
  /** Replaces all tags of the object. */
  putTags(input: VersionAddress & { readonly tags: Tags }, signal?: AbortSignal): Promise<void>;
}
