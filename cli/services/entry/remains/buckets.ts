import { errorName } from "../../../../connection/errors/failure.ts";
import type { ObjectStore } from "../../../../provider/store/object-store.ts";
import type { StagingId } from "../../../../staging/ids.ts";
import { entryPrefix } from "../../../../staging/manifest.ts";
import type { Region } from "../../../../staging/regions.ts";
import type { Context } from "../../../context.ts";
import { localSettings } from "../other-buckets.ts";

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

/** Whether a bucket has an object, a delete marker or an open upload under the entry's prefix. A missing bucket has none. */
export async function holdsEntry(store: ObjectStore, bucket: string, id: StagingId): Promise<boolean> {
  const place = { bucket, prefix: entryPrefix(id) };
  try {
    const found = await Promise.all([hasAny(store.listVersions(place)), hasAny(store.listUploads(place))]);
    return found.includes(true);
  } catch (error) {
    if (errorName(error) === "NoSuchBucket") return false;
    throw error;
  }
}

/** Reads one page at most. */
async function hasAny(items: AsyncIterable<unknown>): Promise<boolean> {
  for await (const _ of items) return true;
  return false;
}
