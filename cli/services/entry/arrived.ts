import {
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { bucketOf } from "../../../staging/environment.ts";
import { entryPrefix, manifestKey } from "../../../staging/manifest.ts";
import type { Region } from "../../../staging/regions.ts";
import type { Context } from "../../context.ts";
import type { IncompleteEntry } from "./listing/incomplete.ts";

/** What of an entry is in one region, as S3 itself tells. */
export interface Arrived {
  /** In whole objects and in the parts of those that are under way. */
  readonly bytes: number;
  /** Whole objects, without the manifest. */
  readonly files: number;
}

/** Looks into a region's bucket for what an upload has got there so far. */
export async function arrivedIn(
  context: Pick<Context, "s3">,
  entry: IncompleteEntry,
  region: Region,
): Promise<Arrived> {
  const { spec, environment } = entry.settings;
  const place: Place = {
    client: await context.s3(region),
    bucket: bucketOf(environment, region),
    prefix: entryPrefix(spec.id),
  };
  const [whole, inParts] = await Promise.all([objects(place, manifestKey(spec.id)), openParts(place)]);
  let { bytes } = whole;
  // Several attempts may each have begun an upload of a key; the next one goes on with the longest.
  for (const [key, arrived] of inParts) if (!whole.keys.has(key)) bytes += arrived;
  return { bytes, files: whole.keys.size };
}

interface Place {
  readonly client: S3Client;
  readonly bucket: string;
  readonly prefix: string;
}

async function objects(
  { client, bucket, prefix }: Place,
  except: string,
): Promise<{ bytes: number; keys: ReadonlySet<string> }> {
  const keys = new Set<string>();
  let bytes = 0;
  let token: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
    );
    for (const { Key, Size } of page.Contents ?? []) {
      if (Key === undefined || Key === except) continue;
      keys.add(Key);
      bytes += Size ?? 0;
    }
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return { bytes, keys };
}

/** Bytes in the parts of open uploads, by key: of each key the most. */
async function openParts({ client, bucket, prefix }: Place): Promise<Map<string, number>> {
  const most = new Map<string, number>();
  let markers: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
  for (;;) {
    const page = await client.send(
      new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...markers }),
    );
    for (const { Key, UploadId } of page.Uploads ?? []) {
      if (Key === undefined || UploadId === undefined) continue;
      const bytes = await bytesInParts(client, { Bucket: bucket, Key, UploadId });
      most.set(Key, Math.max(bytes, most.get(Key) ?? 0));
    }
    if (page.IsTruncated !== true) return most;
    markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
}

async function bytesInParts(
  client: S3Client,
  upload: { readonly Bucket: string; readonly Key: string; readonly UploadId: string },
): Promise<number> {
  let bytes = 0;
  let marker: string | undefined;
  try {
    do {
      const page = await client.send(new ListPartsCommand({ ...upload, PartNumberMarker: marker }));
      for (const { Size } of page.Parts ?? []) bytes += Size ?? 0;
      marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
    } while (marker !== undefined);
  } catch (error) {
    // It was completed or aborted since it was listed.
    if (!(error instanceof Error && error.name === "NoSuchUpload")) throw error;
    return 0;
  }
  return bytes;
}
