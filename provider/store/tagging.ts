import { isReplicateTag, MAX_OBJECT_TAGS, type Tags } from "../../staging/classes.ts";
import type { ObjectPlace } from "./stored-object.ts";

export const readTags = ({ store, bucket, key }: ObjectPlace, signal: AbortSignal): Promise<Tags> =>
  store.getTags({ bucket, key }, signal);

/** Tags by key; `undefined` means that the object must not have the tag. */
export type WantedTags = Readonly<Record<string, string | undefined>>;

/** Whether the object's tags match all wanted tags. */
export const hasTags = (present: Tags, wanted: WantedTags): boolean =>
  Object.entries(wanted).every(([key, value]) => present[key] === value);

/**
 * Adds tags to an object, and keeps its others. Writes only if one differs.
 * @returns whether it wrote
 */
export async function ensureTags(
  place: ObjectPlace,
  tags: WantedTags,
  signal: AbortSignal,
): Promise<boolean> {
  const present = await readTags(place, signal);
  if (hasTags(present, tags)) return false;
  const { store, bucket, key } = place;
  await store.putTags({ bucket, key, tags: withinTagLimit({ ...present, ...tags }) }, signal);
  return true;
}

/** If there are more tags than S3 allows, drops the last ones that select replication rules: the object is replicated by now. */
function withinTagLimit(wanted: WantedTags): Tags {
  const tags = Object.entries(wanted).filter((tag): tag is [string, string] => tag[1] !== undefined);
  const replicating = tags.filter(([key]) => isReplicateTag(key));
  const surplus = Math.max(0, tags.length - MAX_OBJECT_TAGS);
  const dropped = new Set(replicating.slice(replicating.length - surplus));
  return Object.fromEntries(tags.filter((tag) => !dropped.has(tag)));
}
