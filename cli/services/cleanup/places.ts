import {
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { decodeKey } from "../../../provider/store/listing.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { entryPrefix } from "../../../staging/manifest.ts";
import type { Region } from "../../../staging/regions.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { stagingIdIn } from "./owners.ts";

/** A multipart upload that was neither completed nor aborted. */
export interface OpenUpload {
  readonly key: string;
  readonly uploadId: string;
}

/** A bucket of the environment. */
export interface Bucket {
  readonly client: S3Client;
  readonly region: Region;
  readonly name: string;
  readonly isOwn: boolean;
}

/** Every entry's prefix begins so. */
const PREFIX = "stage-";

interface UploadMarkers {
  KeyMarker?: string | undefined;
  UploadIdMarker?: string | undefined;
}

/** The ids under which the bucket has objects. What is not named like an entry is none of ours, and not looked at. */
export async function* idsWithObjects({ client, name }: Bucket): AsyncGenerator<StagingId> {
  let token: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({ Bucket: name, Prefix: PREFIX, Delimiter: "/", ContinuationToken: token }),
    );
    for (const { Prefix = "" } of page.CommonPrefixes ?? []) {
      const id = stagingIdIn(Prefix.slice(0, -1));
      if (id !== undefined) yield id;
    }
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

/** The open uploads of the bucket, each with the id that it is under. */
export async function* openUploads(
  { client, name }: Bucket,
  prefix: string = PREFIX,
): AsyncGenerator<OpenUpload & { readonly id: StagingId; readonly begunAt: Date }> {
  let markers: UploadMarkers = {};
  for (;;) {
    const page = await client.send(
      // XML cannot hold every character of a key.
      new ListMultipartUploadsCommand({ Bucket: name, Prefix: prefix, EncodingType: "url", ...markers }),
    );
    const decoded = (key: string): string => decodeKey(key, page.EncodingType);
    for (const { Key = "", UploadId, Initiated = serverClock.now() } of page.Uploads ?? []) {
      const key = decoded(Key);
      const slash = key.indexOf("/");
      const id = slash < 0 ? undefined : stagingIdIn(key.slice(0, slash));
      if (id !== undefined && UploadId !== undefined) {
        yield { id, key, uploadId: UploadId, begunAt: Initiated };
      }
    }
    if (page.IsTruncated !== true) return;
    const next = page.NextKeyMarker;
    markers = {
      KeyMarker: next === undefined ? undefined : decoded(next),
      UploadIdMarker: page.NextUploadIdMarker,
    };
  }
}

/** What there is, and when it last changed. */
export interface Amount {
  readonly count: number;
  readonly bytes: number;
  readonly changedAt: Date;
}

const NOTHING: Amount = { count: 0, bytes: 0, changedAt: new Date(0) };

/** The whole objects under an id. */
export async function objectsOf({ client, name }: Bucket, id: StagingId): Promise<Amount> {
  let amount = NOTHING;
  let token: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({ Bucket: name, Prefix: entryPrefix(id), ContinuationToken: token }),
    );
    for (const { Size = 0, LastModified = serverClock.now() } of page.Contents ?? [])
      amount = sumOf(amount, { count: 1, bytes: Size, changedAt: LastModified });
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
  return amount;
}

/** The parts of one open upload; nothing where it was completed or aborted meanwhile. */
export async function partsOf(
  { client, name }: Bucket,
  { key, uploadId, begunAt }: OpenUpload & { readonly begunAt: Date },
): Promise<Amount> {
  let amount: Amount = { ...NOTHING, changedAt: begunAt };
  let marker: string | undefined;
  try {
    do {
      const page = await client.send(
        new ListPartsCommand({ Bucket: name, Key: key, UploadId: uploadId, PartNumberMarker: marker }),
      );
      for (const { Size = 0, LastModified = serverClock.now() } of page.Parts ?? [])
        amount = sumOf(amount, { count: 1, bytes: Size, changedAt: LastModified });
      marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
    } while (marker !== undefined);
  } catch (error) {
    if (!(error instanceof Error && error.name === "NoSuchUpload")) throw error;
  }
  return amount;
}

export const sumOf = (a: Amount, b: Amount): Amount => ({
  count: a.count + b.count,
  bytes: a.bytes + b.bytes,
  changedAt: a.changedAt > b.changedAt ? a.changedAt : b.changedAt,
});
