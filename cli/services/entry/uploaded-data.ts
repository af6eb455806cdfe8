import { bucketOf } from "../../../staging/environment.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { entryPrefix, manifestKey } from "../../../staging/manifest.ts";
import type { Region } from "../../../staging/regions.ts";
import type { Context } from "../../context.ts";
import { type Bucket, openUploads, partsOf } from "../cleanup/places.ts";
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
  { settings: { spec, environment } }: IncompleteEntry,
  region: Region,
): Promise<UploadedData> {
  const name = bucketOf(environment, region);
  return await uploadedTo({ store: await context.store(region), region, name, isOwn: true }, spec.id);
}

export async function uploadedTo(bucket: Bucket, id: StagingId): Promise<UploadedData> {
  const [whole, inParts] = await Promise.all([wholeObjects(bucket, id), openParts(bucket, id)]);
  let { bytes } = whole;
  // Several attempts may each have begun an upload of a key; the next attempt resumes the longest.
  for (const [key, arrived] of inParts) if (!whole.keys.has(key)) bytes += arrived;
  return { bytes, files: whole.keys.size };
}

async function wholeObjects(
  { store, name }: Bucket,
  id: StagingId,
): Promise<{ bytes: number; keys: ReadonlySet<string> }> {
  const keys = new Set<string>();
  let bytes = 0;
  for await (const { key, size } of store.listObjects({ bucket: name, prefix: entryPrefix(id) })) {
    if (key === manifestKey(id)) continue;
    keys.add(key);
    bytes += size;
  }
  return { bytes, keys };
}

/** Bytes in the parts of open uploads, by key; of several uploads of a key, the largest. */
async function openParts(bucket: Bucket, id: StagingId): Promise<Map<string, number>> {
  const most = new Map<string, number>();
  for await (const upload of openUploads(bucket, entryPrefix(id))) {
    const { bytes } = await partsOf(bucket, upload);
    most.set(upload.key, Math.max(bytes, most.get(upload.key) ?? 0));
  }
  return most;
}
