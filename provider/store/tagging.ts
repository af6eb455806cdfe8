import { isReplicateTag, MAX_OBJECT_TAGS, type Tags } from "../../staging/classes.ts";
import type { ObjectPlace } from "../transfer/verify/stored.ts";
import { storeOf } from "./store-of.ts";

export const readTags = ({ client, bucket, key }: ObjectPlace, signal: AbortSignal): Promise<Tags> =>
  storeOf(client).getTags({ bucket, key }, signal);

/** Tags by their keys; one that is `undefined` is not to be there. */
export type WantedTags = Readonly<Record<string, string | undefined>>;

/** Whether the tags that are there have all that are wanted. */
export const hasTags = (present: Tags, wanted: WantedTags): boolean =>
  Object.entries(wanted).every(([key, value]) => present[key] === value);

/** Gives the object these tags beside those that it has. Writes only if one differs; says whether it wrote. */
export async function ensureTags(
  place: ObjectPlace,
  tags: WantedTags,
  signal: AbortSignal,
): Promise<boolean> {
  const present = await readTags(place, signal);
  if (hasTags(present, tags)) return false;
  const { client, bucket, key } = place;
  await storeOf(client).putTags({ bucket, key, tags: withRoom({ ...present, ...tags }) }, signal);
  return true;
}

/** Where an object has more tags than S3 allows, the last of those that let a rule replicate it go: by now it is replicated. */
function withRoom(wanted: WantedTags): Tags {
  const tags = Object.entries(wanted).filter((tag): tag is [string, string] => tag[1] !== undefined);
  const replicating = tags.filter(([key]) => isReplicateTag(key));
  const surplus = Math.max(0, tags.length - MAX_OBJECT_TAGS);
  const gone = new Set(replicating.slice(replicating.length - surplus));
  return Object.fromEntries(tags.filter((tag) => !gone.has(tag)));
}
