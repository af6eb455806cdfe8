import { deleteKey } from "./delete.ts";
import { headObject, type ObjectPlace } from "./stored.ts";

/**
 * Removes an object of an entry that its source has no more, with every version: the entry is to be what the source is.
 * @returns false for one that another program wrote, which stays
 */
export async function removeStale(place: ObjectPlace, signal: AbortSignal): Promise<boolean> {
  const found = await headObject(place, signal);
  if (found === undefined) return true;
  if (found.facts === undefined) return false;
  await deleteKey(place.client, place.bucket, place.key, { signal });
  return true;
}
