import type { StagedDataOutputs } from "../../staging/resources.ts";
import { tally } from "./listing.ts";
import { headObject, type ObjectPlace } from "./stored.ts";

/** What an entry holds in any of its regions. */
export type Staged = Pick<StagedDataOutputs, "kind" | "key" | "manifestKey" | "sizeBytes" | "fileCount">;

/**
 * Whether a bucket has the manifest and all of the data, by number and size. A directory is listed, so that 100,000 files
 * take 100 requests.
 */
export async function holdsStaged(
  place: Omit<ObjectPlace, "key">,
  { kind, key, manifestKey, sizeBytes, fileCount }: Staged,
  signal: AbortSignal,
): Promise<boolean> {
  const manifest = headObject({ ...place, key: manifestKey }, signal);
  if (kind === "file") {
    const [found, beside] = await Promise.all([headObject({ ...place, key }, signal), manifest]);
    return found?.size === sizeBytes && beside !== undefined;
  }
  if ((await manifest) === undefined) return false;
  const { objects, bytes } = await tally(place.client, place.bucket, key, signal);
  return objects === fileCount && bytes === sizeBytes;
}
