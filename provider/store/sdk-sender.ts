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
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { isNotFound } from "../../connection/errors/kinds.ts";
import { encodeTags } from "../../staging/classes.ts";
import { copiedFrom } from "./expected-owner.ts";
import { FileBody } from "./file-body.ts";
import { NEVER } from "./never.ts";
import type { Body } from "./object-store.ts";
import type { Input, OperationName, Output, RequestSender } from "./operations.ts";
import { paidFor } from "./request-payer.ts";
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
import { withSettings } from "./sdk-attempts.ts";
import {
  bodyFields,
  creation,
  headerFields,
  listFields,
  rangeHeader,
  sourceFields,
  uploadFields,
  versionFields,
} from "./sdk-fields.ts";
import { isArchive } from "./storage-class.ts";

/** A client of AWS's SDK, and the settings of one request. */
interface Call {
  readonly client: S3Client;
  readonly http: { readonly abortSignal?: AbortSignal };
}

type Sends = { readonly [Name in OperationName]: (call: Call, input: Input<Name>) => Promise<Output<Name>> };

/** Sends requests through a client of AWS's SDK. */
export function sdkSender(client: S3Client, region: string): RequestSender {
  return {
    region,
    send(operation, input, options) {
      const { signal, watch, bandwidth, anyOwner } = options;
      const call = { client, http: signal === undefined ? {} : { abortSignal: signal } };
      const send = () => SENDS[operation](call, input);
      const isPlain = watch === undefined && bandwidth === undefined && anyOwner !== true;
      return isPlain ? send() : withSettings(options, send);
    },
  };
}

const SENDS: Sends = {
  put: (call, { body, checksum, ...input }) =>
    withBytes(call, body, async (bytes) => {
      const command = new PutObjectCommand({ ...creation(input), ...bodyFields(bytes, checksum) });
      return writtenObject(await call.client.send(command, call.http));
    }),

  createUpload: async ({ client, http }, { crc32, ...input }) => {
    const checksum =
      crc32 === undefined ? {} : ({ ChecksumAlgorithm: "CRC32", ChecksumType: crc32 } as const);
    const command = new CreateMultipartUploadCommand({ ...creation(input), ...checksum });
    const { UploadId, ChecksumType } = await client.send(command, http);
    if (UploadId === undefined) throw new Error("S3 started a multipart upload without an id");
    return { uploadId: UploadId, fullObject: ChecksumType === "FULL_OBJECT" };
  },

  uploadPart: (call, { body, checksum, number, ...upload }) =>
    withBytes(call, body, async (bytes) => {
      const part = { ...uploadFields(upload), PartNumber: number };
      const command = new UploadPartCommand({ ...part, ...bodyFields(bytes, checksum) });
      return writtenPart(await call.client.send(command, call.http));
    }),

  copyPart: async ({ client, http }, { source, range, number, ...upload }) => {
    const command = new UploadPartCopyCommand({
      ...uploadFields(upload),
      ...sourceFields(source),
      PartNumber: number,
      CopySourceRange: rangeHeader(range),
    });
    const { CopyPartResult = {} } = await client.send(copiedFrom(source, command), http);
    return writtenPart(CopyPartResult);
  },

  completeUpload: async ({ client, http }, { parts, size, fullCrc32, ...upload }) => {
    const command = new CompleteMultipartUploadCommand({
      ...uploadFields(upload),
      MultipartUpload: {
        Parts: parts.map(({ number, etag, crc32 }) => ({
          PartNumber: number,
          ETag: etag,
          // A server that keeps no checksum of parts may not know the field either.
          ...(crc32 === undefined ? {} : { ChecksumCRC32: crc32 }),
        })),
      },
      // S3 refuses to complete an object of another size or content.
      MpuObjectSize: size,
      ...(fullCrc32 === undefined ? {} : { ChecksumCRC32: fullCrc32, ChecksumType: "FULL_OBJECT" }),
    });
    await client.send(command, http);
  },

  abortUpload: async ({ client, http }, upload) => {
    await client.send(new AbortMultipartUploadCommand(uploadFields(upload)), http);
  },

  copy: async ({ client, http }, { source, description, tags, checksum, bucket, key }) => {
    const command = new CopyObjectCommand({
      ...{ Bucket: bucket, Key: key },
      ...sourceFields(source),
      ...headerFields(description?.headers),
      ...(description === undefined
        ? { MetadataDirective: "COPY" }
        : { MetadataDirective: "REPLACE", Metadata: { ...description.metadata } }),
      Tagging: encodeTags(tags),
      TaggingDirective: "REPLACE",
      ...(checksum === undefined ? {} : { ChecksumAlgorithm: checksum }),
    });
    const { CopyObjectResult, VersionId } = await client.send(copiedFrom(source, command), http);
    return writtenObject({ ...CopyObjectResult, VersionId });
  },

  head: async ({ client, http }, input) => {
    const command = new HeadObjectCommand({
      ...versionFields(input),
      ...paidFor(input),
      ChecksumMode: "ENABLED",
    });
    try {
      return objectHead(await client.send(command, http));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  },

  checksums: async ({ client, http }, input) => {
    const command = new GetObjectAttributesCommand({
      ...versionFields(input),
      ...paidFor(input),
      ObjectAttributes: ["Checksum"],
    });
    const { Checksum = {} } = await client.send(command, http);
    return checksumsIn(Checksum);
  },

  get: async ({ client, http }, input) => {
    const { range, ifMatch } = input;
    const command = new GetObjectCommand({
      ...versionFields(input),
      ...paidFor(input),
      ...(range === undefined ? {} : { Range: rangeHeader(range) }),
      ...(ifMatch === undefined ? {} : { IfMatch: ifMatch }),
    });
    return bodyOf(await client.send(command, http));
  },

  listObjects: async ({ client, http }, { restores, pageSize, marker, ...input }) => {
    const fields = {
      ...listFields(input),
      ...(pageSize === undefined ? {} : { MaxKeys: pageSize }),
      ...(marker === undefined ? {} : { ContinuationToken: marker.id }),
    };
    let page = await client.send(new ListObjectsV2Command(fields), http);
    if (restores === true && page.Contents?.some(({ StorageClass }) => isArchive(StorageClass))) {
      // Not asked for at once: servers without archives need not know it.
      const command = new ListObjectsV2Command({ ...fields, OptionalObjectAttributes: ["RestoreStatus"] });
      page = await client.send(command, http);
    }
    return objectsPage(page);
  },

  listVersions: async ({ client, http }, { pageSize, marker, ...input }) => {
    const command = new ListObjectVersionsCommand({
      ...listFields(input),
      ...(pageSize === undefined ? {} : { MaxKeys: pageSize }),
      ...(marker === undefined ? {} : { KeyMarker: marker.key, VersionIdMarker: marker.id }),
    });
    return versionsPage(await client.send(command, http));
  },

  listUploads: async ({ client, http }, { pageSize, marker, ...input }) => {
    const command = new ListMultipartUploadsCommand({
      ...listFields(input),
      ...(pageSize === undefined ? {} : { MaxUploads: pageSize }),
      ...(marker === undefined ? {} : { KeyMarker: marker.key, UploadIdMarker: marker.id }),
    });
    return uploadsPage(await client.send(command, http));
  },

  listParts: async ({ client, http }, { pageSize, marker, ...upload }) => {
    const command = new ListPartsCommand({
      ...uploadFields(upload),
      ...(pageSize === undefined ? {} : { MaxParts: pageSize }),
      ...(marker === undefined ? {} : { PartNumberMarker: marker.id }),
    });
    return partsPage(await client.send(command, http));
  },

  deleteVersion: async ({ client, http }, input) => {
    await client.send(new DeleteObjectCommand(versionFields(input)), http);
  },

  deleteVersions: async ({ client, http }, { bucket, versions }) => {
    const Objects = versions.map(({ key, versionId }) => ({ Key: key, VersionId: versionId }));
    const command = new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } });
    const { Errors = [] } = await client.send(command, http);
    return Errors.map(({ Key = "", VersionId, Code = "", Message = "" }) => ({
      ...{ key: Key, versionId: VersionId, code: Code, message: Message },
    }));
  },

  getTags: async ({ client, http }, input) => {
    const { TagSet = [] } = await client.send(new GetObjectTaggingCommand(versionFields(input)), http);
    return Object.fromEntries(TagSet.map(({ Key = "", Value = "" }) => [Key, Value]));
  },

  putTags: async ({ client, http }, { tags, ...input }) => {
    const TagSet = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    await client.send(new PutObjectTaggingCommand({ ...versionFields(input), Tagging: { TagSet } }), http);
  },
};

/** Brings a body into memory, since the SDK's retries cannot read again what they have sent. */
async function withBytes<T>({ http }: Call, body: Body, send: (bytes: Uint8Array) => Promise<T>): Promise<T> {
  if (!(body instanceof FileBody)) return send(body);
  const loaded = await body.load(http.abortSignal ?? NEVER);
  try {
    return await send(loaded.bytes);
  } finally {
    loaded.release();
  }
}
