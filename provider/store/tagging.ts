import { GetObjectTaggingCommand, PutObjectTaggingCommand } from "@aws-sdk/client-s3";
import { isReplicateTag, MAX_OBJECT_TAGS, type Tags } from "../../staging/classes.ts";
import type { ObjectPlace } from "../transfer/verify/stored.ts";

/** The object's tags. */
export async function readTags(place: ObjectPlace, signal: AbortSignal): Promise<Tags> {
  const command = new GetObjectTaggingCommand({ Bucket: place.bucket, Key: place.key });
  const { TagSet } = await place.client.send(command, { abortSignal: signal });
  return Object.fromEntries((TagSet ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""]));
}

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
  const TagSet = withRoom({ ...present, ...tags }).map(([Key, Value]) => ({ Key, Value }));
  await place.client.send(
    new PutObjectTaggingCommand({ Bucket: place.bucket, Key: place.key, Tagging: { TagSet } }),
    { abortSignal: signal },
  );
  return true;
}

/** Where an object has more tags than S3 allows, the last of those that let a rule replicate it go: by now it is replicated. */
function withRoom(wanted: WantedTags): [string, string][] {
  const tags = Object.entries(wanted).filter((tag): tag is [string, string] => tag[1] !== undefined);
  const replicating = tags.filter(([key]) => isReplicateTag(key));
  const surplus = Math.max(0, tags.length - MAX_OBJECT_TAGS);
  const gone = new Set(replicating.slice(replicating.length - surplus));
  return tags.filter((tag) => !gone.has(tag));
}
