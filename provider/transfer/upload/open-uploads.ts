import {
  type Part as ListedPart,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type ListPartsCommandOutput,
} from "@aws-sdk/client-s3";
import { errorName } from "../../store/aws-errors.ts";
import type { ObjectPlace } from "../verify/stored.ts";

/** A part that has arrived, as the server lists it. */
export interface ArrivedPart {
  readonly size: number;
  /** Without quotes. Usually the MD5 of the part in hex, but not where the bucket encrypts with KMS keys. */
  readonly etag: string;
  /** Base64; undefined where the server keeps none. */
  readonly crc32: string | undefined;
}

/** A multipart upload that was begun and neither completed nor aborted. */
export interface OpenUpload {
  readonly id: string;
  /** Whether the server keeps a checksum of the whole object; otherwise one made of the parts' checksums, or none. */
  readonly fullObject: boolean;
  /** By number. */
  readonly arrived: ReadonlyMap<number, ArrivedPart>;
}

/**
 * The open upload of a key that has the most parts; undefined where there is none. S3 itself is the journal of what has
 * arrived, so that an upload is resumed from any machine and after any crash.
 * @param pageSize parts to ask for at once; S3 gives at most 1,000
 */
export async function findOpenUpload(
  place: ObjectPlace,
  signal: AbortSignal,
  pageSize?: number,
): Promise<OpenUpload | undefined> {
  let best: OpenUpload | undefined;
  for await (const found of openUploads(place, signal, pageSize)) {
    if (best === undefined || found.arrived.size > best.arrived.size) best = found;
  }
  return best;
}

/** All open uploads of a key. @param pageSize parts to ask for at once */
export async function* openUploads(
  place: ObjectPlace,
  signal: AbortSignal,
  pageSize?: number,
): AsyncGenerator<OpenUpload, void, void> {
  for await (const id of uploadIds(place, signal)) {
    const found = await readUpload(place, id, signal, pageSize);
    if (found !== undefined) yield found;
  }
}

async function* uploadIds(place: ObjectPlace, signal: AbortSignal): AsyncGenerator<string, void, void> {
  const { client, bucket, key } = place;
  let markers: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
  for (;;) {
    const page = await client.send(
      new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: key, ...markers }),
      { abortSignal: signal },
    );
    for (const { Key, UploadId } of page.Uploads ?? []) {
      // The prefix also finds the keys that only begin like this one.
      if (Key === key && UploadId !== undefined) yield UploadId;
    }
    if (page.IsTruncated !== true) return;
    markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
}

/** The parts of one upload; undefined where it was completed or aborted since it was listed. */
async function readUpload(
  place: ObjectPlace,
  id: string,
  signal: AbortSignal,
  pageSize: number | undefined,
): Promise<OpenUpload | undefined> {
  const arrived = new Map<number, ArrivedPart>();
  let marker: string | undefined;
  for (;;) {
    const command = new ListPartsCommand({
      Bucket: place.bucket,
      Key: place.key,
      UploadId: id,
      ...(pageSize === undefined ? {} : { MaxParts: pageSize }),
      ...(marker === undefined ? {} : { PartNumberMarker: marker }),
    });
    let page: ListPartsCommandOutput;
    try {
      page = await place.client.send(command, { abortSignal: signal });
    } catch (error) {
      if (errorName(error) === "NoSuchUpload") return undefined;
      throw error;
    }
    for (const part of page.Parts ?? []) {
      if (part.PartNumber !== undefined) arrived.set(part.PartNumber, arrivedPart(part));
    }
    if (page.IsTruncated !== true || page.NextPartNumberMarker === undefined) {
      return { id, fullObject: page.ChecksumType === "FULL_OBJECT", arrived };
    }
    marker = page.NextPartNumberMarker;
  }
}

const arrivedPart = ({ Size, ETag, ChecksumCRC32 }: ListedPart): ArrivedPart => ({
  size: Size ?? 0,
  etag: (ETag ?? "").replaceAll('"', ""),
  crc32: ChecksumCRC32,
});
