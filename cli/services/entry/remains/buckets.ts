import { errorName } from "../../../../connection/errors/failure.ts";
import type { ObjectStore } from "../../../../provider/store/object-store.ts";
import type { StagingId } from "../../../../staging/ids.ts";
import { entryPrefix } from "../../../../staging/manifest.ts";
import type { Region } from "../../../../staging/regions.ts";
import type { Context } from "../../../context.ts";
import { openUploads, partsOf } from "../../cleanup/places.ts";
import { localSettings } from "../other-buckets.ts";
import type { BucketRemains } from "./remains.ts";

/** A bucket in which an entry may have something. */
export interface BucketName {
  readonly region: Region;
  readonly bucket: string;
}

/**
 * The buckets in which an entry of the environment can be: those of the environment's settings, and those that this
 * machine's settings file of the entry names, which the environment may have left since. Never one that a record names.
 */
export async function bucketsOfEntry(
  context: Pick<Context, "environmentName" | "settings">,
  id: StagingId,
): Promise<BucketName[]> {
  const [settings, own] = await Promise.all([context.settings(), localSettings(context.environmentName, id)]);
  const buckets = new Map<string, BucketName>();
  for (const named of [settings.buckets, own?.environment.buckets ?? new Map<Region, string>()])
    for (const [region, bucket] of named) buckets.set(bucket, { region, bucket });
  return [...buckets.values()];
}

/** `all` counts everything; `some` stops after one page, which is enough to know whether there is anything. */
export type Depth = "all" | "some";

const PAGE = 1_000;

/** The objects and uploads under the entry's prefix in one bucket; undefined if there are none, or no bucket. */
export async function remainsIn(
  store: ObjectStore,
  { region, bucket }: BucketName,
  id: StagingId,
  depth: Depth,
): Promise<BucketRemains | undefined> {
  try {
    const [versions, uploads] = await Promise.all([
      versionsIn(store, bucket, id, depth),
      uploadsIn(store, { region, bucket }, id, depth),
    ]);
    const found = { region, bucket, ...versions, ...uploads };
    return found.versions + found.deleteMarkers + found.uploads === 0 ? undefined : found;
  } catch (error) {
    if (errorName(error) === "NoSuchBucket") return undefined;
    throw error;
  }
}

type Versions = Pick<
  BucketRemains,
  "versions" | "deleteMarkers" | "versionBytes" | "currentBytes" | "isLowerBound"
>;

async function versionsIn(
  store: ObjectStore,
  bucket: string,
  id: StagingId,
  depth: Depth,
): Promise<Versions> {
  const found = { versions: 0, deleteMarkers: 0, versionBytes: 0, currentBytes: 0 };
  let listed = 0;
  for await (const version of store.listVersions({ bucket, prefix: entryPrefix(id) })) {
    if (depth === "some" && listed === PAGE) return { ...found, isLowerBound: true };
    listed += 1;
    if (version.isDeleteMarker) found.deleteMarkers += 1;
    else found.versions += 1;
    found.versionBytes += version.size;
    if (version.isLatest) found.currentBytes += version.size;
  }
  return { ...found, isLowerBound: false };
}

async function uploadsIn(
  store: ObjectStore,
  { bucket, ...place }: BucketName,
  id: StagingId,
  depth: Depth,
): Promise<Pick<BucketRemains, "uploads" | "partBytes">> {
  let [uploads, partBytes] = [0, 0];
  const own = { store, ...place, name: bucket, isOwn: true };
  for await (const upload of openUploads(own, entryPrefix(id))) {
    uploads += 1;
    if (depth === "all") partBytes += (await partsOf(own, upload)).bytes;
    else if (uploads === PAGE) break;
  }
  return { uploads, partBytes };
}
