import { errorName } from "../../../connection/errors/failure.ts";
import type { ObjectStore, UploadAddress } from "../../../provider/store/object-store.ts";
import { bucketOf } from "../../../staging/environment.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { entryPrefix, manifestKey } from "../../../staging/manifest.ts";
import type { Region } from "../../../staging/regions.ts";
import type { Context } from "../../context.ts";
import type { IncompleteEntry } from "./listing/incomplete.ts";

/** The data of an entry in one region, from listings of S3. */
interface UploadedData {
  /** In complete objects and in the parts of open uploads. */
  readonly bytes: number;
  /** Whole objects, without the manifest. */
  readonly files: number;
}

/** The data that an upload has sent to a region's bucket so far. */
export async function uploadedIn(
  context: Pick<Context, "store">,
  entry: IncompleteEntry,
  region: Region,
): Promise<UploadedData> {
  const { spec, environment } = entry.settings;
  return uploadedTo(await context.store(region), bucketOf(environment, region), spec.id);
}

export async function uploadedTo(store: ObjectStore, bucket: string, id: StagingId): Promise<UploadedData> {
  const place: Place = { store, bucket, prefix: entryPrefix(id) };
  const [whole, inParts] = await Promise.all([objects(place, manifestKey(id)), openParts(place)]);
  let { bytes } = whole;
  // Several attempts may each have begun an upload of a key; the next attempt resumes the longest.
  for (const [key, arrived] of inParts) if (!whole.keys.has(key)) bytes += arrived;
  return { bytes, files: whole.keys.size };
}

interface Place {
  readonly store: ObjectStore;
  readonly bucket: string;
  readonly prefix: string;
}

async function objects(
  { store, ...place }: Place,
  except: string,
): Promise<{ bytes: number; keys: ReadonlySet<string> }> {
  const keys = new Set<string>();
  let bytes = 0;
  for await (const { key, size } of store.listObjects(place)) {
    if (key === except) continue;
    keys.add(key);
    bytes += size;
  }
  return { bytes, keys };
}

/** Bytes in the parts of open uploads, by key; of several uploads of a key, the largest. */
async function openParts({ store, ...place }: Place): Promise<Map<string, number>> {
  const most = new Map<string, number>();
  for await (const { key, uploadId } of store.listUploads(place)) {
    const bytes = await bytesInParts(store, { bucket: place.bucket, key, uploadId });
    most.set(key, Math.max(bytes, most.get(key) ?? 0));
  }
  return most;
}

async function bytesInParts(store: ObjectStore, upload: UploadAddress): Promise<number> {
  let bytes = 0;
  try {
    for await (const { size } of store.listParts(upload)) bytes += size;
  } catch (error) {
    // It was completed or aborted after the listing.
    if (errorName(error) !== "NoSuchUpload") throw error;
    return 0;
  }
  return bytes;
}
