import type { Tags } from "../../staging/classes.ts";
import type { Bandwidth } from "../flow/bandwidth.ts";
import type {
  Checksums,
  CompleteUploadInput,
  CopyInput,
  CopyPartInput,
  CreatedUpload,
  CreateUploadInput,
  DeletedVersion,
  DeletionFailure,
  GetInput,
  HeadInput,
  ListedObject,
  ListedPart,
  ListedUpload,
  ListedVersion,
  ListInput,
  ListObjectsInput,
  ListPartsInput,
  ObjectHead,
  PutInput,
  UploadAddress,
  UploadPartInput,
  VersionAddress,
  WrittenObject,
  WrittenPart,
} from "./object-store.ts";

/** The start of the next page of a listing. */
export interface Marker {
  readonly key: string;
  /** The ID of the version or upload; in a listing of objects, the continuation token. */
  readonly id: string | undefined;
}

/** One page of a listing, with decoded keys. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly prefixes: readonly string[];
  /** Undefined on the last page. */
  readonly next: Marker | undefined;
}

interface Paged {
  /** @default the first page */
  readonly marker?: Marker | undefined;
}

interface Operation<Input, Output> {
  readonly input: Input;
  readonly output: Output;
}

/** Operations of S3. Each one is one HTTP request. */
export interface Operations {
  readonly put: Operation<PutInput, WrittenObject>;
  readonly createUpload: Operation<CreateUploadInput, CreatedUpload>;
  readonly uploadPart: Operation<UploadPartInput, WrittenPart>;
  readonly copyPart: Operation<CopyPartInput, WrittenPart>;
  readonly completeUpload: Operation<CompleteUploadInput, void>;
  readonly abortUpload: Operation<UploadAddress, void>;
  readonly copy: Operation<CopyInput, WrittenObject>;
  readonly head: Operation<HeadInput, ObjectHead | undefined>;
  readonly checksums: Operation<HeadInput, Checksums>;
  readonly get: Operation<GetInput, AsyncIterable<Uint8Array>>;
  readonly listObjects: Operation<ListObjectsInput & Paged, Page<ListedObject>>;
  readonly listVersions: Operation<ListInput & Paged, Page<ListedVersion>>;
  readonly listUploads: Operation<ListInput & Paged, Page<ListedUpload>>;
  readonly listParts: Operation<ListPartsInput & Paged, Page<ListedPart>>;
  readonly deleteVersion: Operation<VersionAddress, void>;
  /** At most 1,000 versions. */
  readonly deleteVersions: Operation<
    { readonly bucket: string; readonly versions: readonly DeletedVersion[] },
    readonly DeletionFailure[]
  >;
  readonly getTags: Operation<VersionAddress, Tags>;
  readonly putTags: Operation<VersionAddress & { readonly tags: Tags }, void>;
}

export type OperationName = keyof Operations;
export type Input<Name extends OperationName> = Operations[Name]["input"];
export type Output<Name extends OperationName> = Operations[Name]["output"];

/** The signal of work that nothing aborts. */
export const NEVER = new AbortController().signal;

export interface SendOptions {
  readonly signal?: AbortSignal | undefined;
  /** Whether an earlier attempt failed. @default false */
  readonly isRetry?: boolean | undefined;
  /** The bandwidth limit of the body. */
  readonly bandwidth?: Bandwidth | undefined;
  /** Whether the bucket may belong to any account. @default false */
  readonly anyOwner?: boolean | undefined;
}

/** Sends requests to one endpoint. A sender makes one attempt and throws its error; `retrying.ts` retries. */
export interface RequestSender {
  readonly region: string;
  send<Name extends OperationName>(
    operation: Name,
    input: Input<Name>,
    options: SendOptions,
  ): Promise<Output<Name>>;
}
