import { isNoSuchBucket } from "../../connection/errors/kinds.ts";
import { UserError } from "../../staging/errors.ts";
import { ID_PREFIX, isStagingId } from "../../staging/ids.ts";
import { storeOf } from "../store/store-of.ts";
import type { Target } from "./configuration.ts";

/**
 * Makes sure that no entry has objects in the bucket: without our rules they would stay for ever. In no bucket there are none.
 * @throws UserError that names some of them
 */
export async function refuseWithEntries(target: Target, region: string): Promise<void> {
  const ids = await entriesIn(target);
  const [first] = ids;
  if (first === undefined) return;
  throw new UserError(`the bucket ${target.bucket} in ${region} still holds staged data: ${ids.join(", ")}`, {
    why: "Without spawn's rules they would never expire.",
    fix: `spawn stage delete ${first} --yes${ids.length > 1 ? ", and so on for each of them" : ""}. What belongs to no entry is told by: spawn stage cleanup --orphans --dry-run`,
  });
}

/** Up to five ids of entries that have versions in the bucket. */
async function entriesIn({ client, bucket, signal }: Target): Promise<string[]> {
  const ids: string[] = [];
  const folders = { bucket, prefix: ID_PREFIX, delimiter: "/" };
  try {
    for await (const prefix of storeOf(client).listVersionPrefixes(folders, signal)) {
      const id = prefix.slice(0, -1);
      if (isStagingId(id)) ids.push(id);
      if (ids.length === 5) break;
    }
  } catch (error) {
    if (!isNoSuchBucket(error)) throw error;
  }
  return ids;
}
