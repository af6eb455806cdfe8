import { isNoSuchBucket } from "../../connection/errors/kinds.ts";
import { UserError } from "../../staging/errors.ts";
import { ID_PREFIX, isStagingId } from "../../staging/ids.ts";
import type { ObjectStore } from "../store/object-store.ts";

interface Place {
  readonly store: ObjectStore;
  readonly bucket: string;
  readonly signal: AbortSignal;
}

/**
 * Refuses to remove spawn's rules from a bucket that holds an entry's objects: they would never expire. A missing bucket holds none.
 * @throws UserError that names some of them
 */
export async function refuseWithEntries(place: Place, region: string): Promise<void> {
  const ids = await entriesIn(place);
  const [first] = ids;
  if (first === undefined) return;
  throw new UserError(`the bucket ${place.bucket} in ${region} still holds staged data: ${ids.join(", ")}`, {
    why: "Without spawn's rules they would never expire.",
    fix: (_spell, command) =>
      `${command(`spawn stage delete ${first} --yes`)}${ids.length > 1 ? ", and the same for each of the others" : ""}. To list data without an entry: ${command("spawn stage cleanup --orphans --dry-run")}`,
  });
}

/** Up to five IDs of entries that have object versions in the bucket. */
async function entriesIn({ store, bucket, signal }: Place): Promise<string[]> {
  const ids: string[] = [];
  const folders = { bucket, prefix: ID_PREFIX, delimiter: "/" };
  try {
    for await (const prefix of store.listVersionPrefixes(folders, signal)) {
      const id = prefix.slice(0, -1);
      if (isStagingId(id)) ids.push(id);
      if (ids.length === 5) break;
    }
  } catch (error) {
    if (!isNoSuchBucket(error)) throw error;
  }
  return ids;
}
