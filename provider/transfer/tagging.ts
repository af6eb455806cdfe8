import { GetObjectTaggingCommand, PutObjectTaggingCommand } from "@aws-sdk/client-s3";
import type { Tags } from "../../staging/classes.ts";
import type { ObjectPlace } from "./stored.ts";

/** The object's tags. */
export async function readTags(place: ObjectPlace, signal: AbortSignal): Promise<Tags> {
  const command = new GetObjectTaggingCommand({ Bucket: place.bucket, Key: place.key });
  const { TagSet } = await place.client.send(command, { abortSignal: signal });
  return Object.fromEntries((TagSet ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""]));
}

/** Whether the tags that are there have all that are wanted. */
export const hasTags = (present: Tags, wanted: Tags): boolean =>
  Object.entries(wanted).every(([key, value]) => present[key] === value);

/** Gives the object these tags beside those that it has. Writes only if one is missing; says whether it wrote. */
export async function ensureTags(place: ObjectPlace, tags: Tags, signal: AbortSignal): Promise<boolean> {
  const present = await readTags(place, signal);
  if (hasTags(present, tags)) return false;
  const TagSet = Object.entries({ ...present, ...tags }).map(([Key, Value]) => ({ Key, Value }));
  await place.client.send(
    new PutObjectTaggingCommand({ Bucket: place.bucket, Key: place.key, Tagging: { TagSet } }),
    { abortSignal: signal },
  );
  return true;
}
