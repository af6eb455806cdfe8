import type { Tags } from "../../staging/classes.ts";
import type { Bandwidth } from "../transfer/flow/bandwidth.ts";
import type { FileBody } from "./file-body.ts";
import type { ObjectHeaders } from "./object-headers.ts";

export interface ObjectAddress {
  readonly bucket: string;
  readonly key: string;
}

/** A request whose charges the bucket's owner may want the requester to pay. */
interface Payable {
  /** Accepts the charges. @default false */
  readonly requestPayer?: boolean | undefined;
}

/** Bytes in memory, or a section of a file that is read while it is sent. */
export type Body = Uint8Array | FileBody;

/** The checksum of a body, in base64; S3 refuses other bytes. */
export type BodyChecksum = { readonly crc32: string } | { readonly sha256: string };

/** Checksums that the server computed, in base64. `CRC32/FULL_OBJECT` names the algorithm and what it covers. */
export type Checksums = ReadonlyMap<string, string>;

/** What goes along with the bytes of an object that is created. */
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
  /** With its quotes; empty where the server gives none. */
  readonly etag: string;
  readonly versionId: string | undefined;
  readonly checksums: Checksums;
}

export interface UploadAddress extends ObjectAddress {
  readonly uploadId: string;
}

export interface CreateUploadInput extends ObjectAddress, Description {
  /** What the CRC32 covers that S3 keeps of the object. @default none is kept */
  readonly crc32?: "FULL_OBJECT" | "COMPOSITE" | undefined;
}

export interface CreatedUpload {
  readonly uploadId: string;
  /** Whether the server keeps a checksum of the whole object. */
  readonly fullObject: boolean;
}

export interface UploadPartInput extends UploadAddress {
  /** From 1. */
  readonly number: number;
  readonly body: Body;
  readonly checksum?: BodyChecksum | undefined;
}

export interface WrittenPart {
  readonly etag: string;
  /** As the server answers it; undefined where it keeps none. */
  readonly crc32: string | undefined;
}

/** The object that a copy reads. */
export interface CopySource extends ObjectAddress, Payable {
  /** @default the current version */
  readonly versionId?: string | undefined;
  /** The ETag that it must have. */
  readonly ifMatch?: string | undefined;
  /** Whether its bucket may belong to any account. @default false */
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
  /** The CRC32 that the whole object must have. @default it is not compared */
  readonly fullCrc32?: string | undefined;
}

export interface CopyInput extends ObjectAddress {
  readonly source: CopySource;
  /** Headers and metadata of the copy. @default the source's */
  readonly description?: Omit<Description, "tags"> | undefined;
  /** Tags of the copy, whatever the source has. */
  readonly tags: Tags;
  /** The checksum to compute of the copy. @default the one that the source has */
  readonly checksum?: "CRC32" | "SHA256" | undefined;
}

export interface VersionAddress extends ObjectAddress {
  /** @default the current version */
  readonly versionId?: string | undefined;
}

export interface HeadInput extends VersionAddress, Payable {}

/** An object as the server has it. */
export interface ObjectHead extends WrittenObject {
  readonly size: number;
  readonly lastModified: Date;
  readonly headers: ObjectHeaders;
  readonly metadata: Readonly<Record<string, string>>;
  /** Metadata entries that S3 cannot put into headers. */
  readonly missingMetadata: number;
  /** Of a source: PENDING, COMPLETED or FAILED, for all destinations together. Of a replica: REPLICA. */
  readonly replication: string | undefined;
  /** Undefined for STANDARD. */
  readonly storageClass: string | undefined;
  /** The `x-amz-restore` header of an archived object. */
  readonly restore: string | undefined;
  /** The `x-amz-expiration` header: when a lifecycle rule removes the object, and which one. */
  readonly expiration: string | undefined;
  /** `AES256`, `aws:kms` or another algorithm. */
  readonly encryption: string | undefined;
  /** Until when Object Lock keeps the version. */
  readonly retainUntil: Date | undefined;
  readonly hasLegalHold: boolean;
}

export interface GetInput extends VersionAddress, Payable {
  /** @default the whole object */
  readonly range?: Range | undefined;
  /** The ETag that the object must have. */
  readonly ifMatch?: string | undefined;
}

export interface ListInput extends Payable {
  readonly bucket: string;
  /** @default every key */
  readonly prefix?: string | undefined;
  /** Keys with this text after the prefix are listed as one common prefix. @default none */
  readonly delimiter?: string | undefined;
  /** Entries to ask for at a time; S3 gives at most 1,000. @default 1,000 */
  readonly pageSize?: number | undefined;
}

export interface ListObjectsInput extends ListInput {
  /** Looks whether archived objects have been restored, where the server tells. @default false */
  readonly restores?: boolean | undefined;
}

/** An object as a listing has it. */
export interface ListedObject {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly lastModified: Date;
  readonly storageClass: string | undefined;
  /** Whether it must be restored before it can be read, as far as the listing tells. */
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
  /** When it arrived. */
  readonly lastModified: Date;
  /** Whether the server keeps a checksum of the whole object, of this upload. */
  readonly fullObject: boolean;
}

/** A version to delete. Without an id, a versioned bucket gets a delete marker. */
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
 * The objects of one endpoint: of a region of AWS, or of another server. Each method retries transient errors. It throws
 * what the server answered, as `connection/errors/` reads it, `NoAnswerError` when the server stays silent, and the signal's
 * reason. `S3Clients.store` gives the store of a region, and `storeOf` the one on a client.
 */
export interface ObjectStore {
  readonly region: string;
  /** The limit of bytes per second: bodies that are sent keep to it, and so must those who read. @default none */
  readonly bandwidth?: Bandwidth | undefined;
  /** Sends an object in one request. */
  put(input: PutInput, signal?: AbortSignal): Promise<WrittenObject>;
  createUpload(input: CreateUploadInput, signal?: AbortSignal): Promise<CreatedUpload>;
  uploadPart(input: UploadPartInput, signal?: AbortSignal): Promise<WrittenPart>;
  copyPart(input: CopyPartInput, signal?: AbortSignal): Promise<WrittenPart>;
  /**
   * Makes the parts one object. Also resolves where the answer to a first attempt was lost and the second one finds no upload:
   * the caller compares the object with what it sent in any case.
   */
  completeUpload(input: CompleteUploadInput, signal?: AbortSignal): Promise<void>;
  /** Does nothing where the upload is gone. */
  abortUpload(input: UploadAddress, signal?: AbortSignal): Promise<void>;
  /** Copies an object on the server, within 5 GiB. */
  copy(input: CopyInput, signal?: AbortSignal): Promise<WrittenObject>;
  /** @returns undefined where there is no such object, or no such bucket */
  head(input: HeadInput, signal?: AbortSignal): Promise<ObjectHead | undefined>;
  /** The checksums of an object, which not every server has in the answer to `head`. */
  checksums(input: HeadInput, signal?: AbortSignal): Promise<Checksums>;
  get(input: GetInput, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Current objects, in the order of their keys' bytes. */
  listObjects(input: ListObjectsInput, signal?: AbortSignal): AsyncIterable<ListedObject>;
  /** What `delimiter` puts together. */
  listPrefixes(
    input: ListObjectsInput & { readonly delimiter: string },
    signal?: AbortSignal,
  ): AsyncIterable<string>;
  /** Versions and delete markers, page by page: within a page all versions come first. */
  listVersions(input: ListInput, signal?: AbortSignal): AsyncIterable<ListedVersion>;
  /** What `delimiter` puts together, of versions and delete markers. */
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
  getTags(input: VersionAddress, signal?: AbortSignal): Promise<Tags>;
  /** Gives the object these tags and no others. */
  putTags(input: VersionAddress & { readonly tags: Tags }, signal?: AbortSignal): Promise<void>;
}
