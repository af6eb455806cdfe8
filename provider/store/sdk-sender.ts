import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type ServiceInputTypes,
  type ServiceOutputTypes,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { undefinedIf } from "../../connection/errors/failure.ts";
import { isNotFound } from "../../connection/errors/kinds.ts";
import { encodeTags } from "../../staging/classes.ts";
import { FileBody } from "./file-body.ts";
import type { Body, CopySource } from "./object-store.ts";
import { type Input, NEVER, type OperationName, type Output, type RequestSender } from "./operations.ts";
import {
  bodyOf,
  checksumsIn,
  objectHead,
  objectsPage,
  partsPage,
  uploadsPage,
  versionsPage,
  writtenObject,
  writtenPart,
} from "./sdk-answers.ts";
import { type S3Command, type SdkClient, withOwnerFlags, withSettings } from "./sdk-client.ts";
import {
  bodyFields,
  creation,
  headerFields,
  listFields,
  paidFor,
  rangeHeader,
  sourceFields,
  uploadFields,
  versionFields,
} from "./sdk-fields.ts";
import { isArchive } from "./storage-class.ts";

interface Call {
  readonly client: SdkClient;
  readonly signal: AbortSignal | undefined;
}

type Sends = { readonly [Name in OperationName]: (call: Call, input: Input<Name>) => Promise<Output<Name>> };

/** Sends requests through the SDK. */
export function sdkSender(client: SdkClient, region: string): RequestSender {
  return {
    region,
    send(operation, input, options) {
      const { signal } = options;
      const http = signal === undefined ? {} : { abortSignal: signal };
      const own: SdkClient = { send: (command) => client.send(withSettings(command, options), http) };
      return SENDS[operation]({ client: own, signal }, input);
    },
  };
}

const SENDS: Sends = {
  put: (call, { body, checksum, ...input }) =>
    withBytes(call, body, async (bytes) => {
      const command = new PutObjectCommand({ ...creation(input), ...bodyFields(bytes, checksum) });
      return writtenObject(await call.client.send(command));
    }),

  createUpload: async ({ client }, { crc32, ...input }) => {
    const command = new CreateMultipartUploadCommand({
      ...creation(input),
      ChecksumAlgorithm: crc32 && "CRC32",
      ChecksumType: crc32,
    });
    const { UploadId, ChecksumType } = await client.send(command);
    if (UploadId === undefined) throw new Error("S3 started a multipart upload without an id");
    return { uploadId: UploadId, fullObject: ChecksumType === "FULL_OBJECT" };
  },

  uploadPart: (call, { body, checksum, number, ...upload }) =>
    withBytes(call, body, async (bytes) => {
      const part = { ...uploadFields(upload), PartNumber: number };
      const command = new UploadPartCommand({ ...part, ...bodyFields(bytes, checksum) });
      return writtenPart(await call.client.send(command));
    }),

  copyPart: async ({ client }, { source, range, number, ...upload }) => {
    const command = new UploadPartCopyCommand({
      ...uploadFields(upload),
      ...sourceFields(source),
      PartNumber: number,
      CopySourceRange: rangeHeader(range),
    });
    const { CopyPartResult = {} } = await client.send(fromSource(source, command));
    return writtenPart(CopyPartResult);
  },

  completeUpload: async ({ client }, { parts, size, fullCrc32, ...upload }) => {
    const command = new CompleteMultipartUploadCommand({
      ...uploadFields(upload),
      MultipartUpload: {
        // A server without checksums of parts may not support their field either.
        Parts: parts.map(({ number, etag, crc32 }) => ({
          ...{ PartNumber: number, ETag: etag, ChecksumCRC32: crc32 },
        })),
      },
      // S3 rejects an object with another size or content.
      MpuObjectSize: size,
      ChecksumCRC32: fullCrc32,
      ChecksumType: fullCrc32 === undefined ? undefined : "FULL_OBJECT",
    });
    await client.send(command);
  },

  abortUpload: async ({ client }, upload) => {
    await client.send(new AbortMultipartUploadCommand(uploadFields(upload)));
  },

  copy: async ({ client }, { source, description, tags, checksum, bucket, key }) => {
    const command = new CopyObjectCommand({
      ...{ Bucket: bucket, Key: key },
      ...sourceFields(source),
      ...headerFields(description?.headers),
      ...(description === undefined
        ? { MetadataDirective: "COPY" }
        : { MetadataDirective: "REPLACE", Metadata: { ...description.metadata } }),
      Tagging: encodeTags(tags),
      TaggingDirective: "REPLACE",
      ChecksumAlgorithm: checksum,
    });
    const { CopyObjectResult, VersionId } = await client.send(fromSource(source, command));
    return writtenObject({ ...CopyObjectResult, VersionId });
  },

  head: async ({ client }, input) => {
    const command = new HeadObjectCommand({
      ...versionFields(input),
      ...paidFor(input),
      ChecksumMode: "ENABLED",
    });
    const head = await undefinedIf(isNotFound, client.send(command));
    return head && objectHead(head);
  },

  checksums: async ({ client }, input) => {
    const command = new GetObjectAttributesCommand({
      ...versionFields(input),
      ...paidFor(input),
      ObjectAttributes: ["Checksum"],
    });
    const { Checksum = {} } = await client.send(command);
    return checksumsIn(Checksum);
  },

  get: async ({ client }, input) => {
    const { range, ifMatch } = input;
    const command = new GetObjectCommand({
      ...versionFields(input),
      ...paidFor(input),
      Range: range && rangeHeader(range),
      IfMatch: ifMatch,
    });
    return bodyOf(await client.send(command));
  },

  listObjects: async ({ client }, { restores, after, pageSize, marker, ...input }) => {
    const part = { StartAfter: after, MaxKeys: pageSize, ContinuationToken: marker?.id };
    const fields = { ...listFields(input), ...part };
    let page = await client.send(new ListObjectsV2Command(fields));
    if (restores === true && page.Contents?.some(({ StorageClass }) => isArchive(StorageClass))) {
      // A second request, because servers without archives may not support the field.
      const command = new ListObjectsV2Command({ ...fields, OptionalObjectAttributes: ["RestoreStatus"] });
      page = await client.send(command);
    }
    return objectsPage(page);
  },

  listVersions: async ({ client }, { pageSize, marker, ...input }) => {
    const part = { MaxKeys: pageSize, KeyMarker: marker?.key, VersionIdMarker: marker?.id };
    return versionsPage(await client.send(new ListObjectVersionsCommand({ ...listFields(input), ...part })));
  },

  listUploads: async ({ client }, { pageSize, marker, ...input }) => {
    const part = { MaxUploads: pageSize, KeyMarker: marker?.key, UploadIdMarker: marker?.id };
    return uploadsPage(await client.send(new ListMultipartUploadsCommand({ ...listFields(input), ...part })));
  },

  listParts: async ({ client }, { pageSize, marker, ...upload }) => {
    const part = { MaxParts: pageSize, PartNumberMarker: marker?.id };
    return partsPage(await client.send(new ListPartsCommand({ ...uploadFields(upload), ...part })));
  },

  deleteVersion: async ({ client }, input) => {
    await client.send(new DeleteObjectCommand(versionFields(input)));
  },

  deleteVersions: async ({ client }, { bucket, versions }) => {
    const Objects = versions.map(({ key, versionId }) => ({ Key: key, VersionId: versionId }));
    const command = new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } });
    const { Errors = [] } = await client.send(command);
    return Errors.map(({ Key = "", VersionId, Code = "", Message = "" }) => ({
      ...{ key: Key, versionId: VersionId, code: Code, message: Message },
    }));
  },

  getTags: async ({ client }, input) => {
    const { TagSet = [] } = await client.send(new GetObjectTaggingCommand(versionFields(input)));
    return Object.fromEntries(TagSet.map(({ Key = "", Value = "" }) => [Key, Value]));
  },

  putTags: async ({ client }, { tags, ...input }) => {
    const TagSet = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    await client.send(new PutObjectTaggingCommand({ ...versionFields(input), Tagging: { TagSet } }));
  },
};

/** The command of a copy. Its source may belong to any account if the user named it. */
const fromSource = <I extends ServiceInputTypes, O extends ServiceOutputTypes>(
  source: CopySource,
  command: S3Command<I, O>,
): S3Command<I, O> => (source.anyOwner === true ? withOwnerFlags(command, { fromAnyOwner: true }) : command);

/** Loads a body into memory: the SDK prints a warning for each failed request whose body is a stream. */
async function withBytes<T>(
  { signal = NEVER }: Call,
  body: Body,
  send: (bytes: Uint8Array) => Promise<T>,
): Promise<T> {
  if (!(body instanceof FileBody)) return send(body);
  const loaded = await body.load(signal);
  try {
    return await send(loaded.bytes);
  } finally {
    loaded.release();
  }
}
