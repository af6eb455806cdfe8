import { deleteKey } from "../delete.ts";
import { headObject, type ObjectPlace } from "../verify/stored.ts";

/**
 * Removes an object that the entry's source no longer has, with every version, so that the entry matches the source.
 * @returns false for one that another program wrote, which stays
 */
export async function removeStale(place: ObjectPlace, signal: AbortSignal): Promise<boolean> {
  const found = await headObject(place, signal);
  if (found === undefined) return true;
  if (found.facts === undefined) return false;
  await deleteKey(place.client, place.bucket, place.key, { signal });
  return true;
}
