import { ListObjectVersionsCommand, type ListObjectVersionsOutput } from "@aws-sdk/client-s3";
import { isNoSuchBucket } from "../../connection/errors/kinds.ts";
import { UserError } from "../../staging/errors.ts";
import { ID_PREFIX, isStagingId } from "../../staging/ids.ts";
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

/** Ids of entries that have versions in the bucket, at most those of one page. */
async function entriesIn({ client, bucket, signal }: Target): Promise<string[]> {
  let at: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
  for (;;) {
    // Folded at the slash: one line for each entry, whatever the number of its files.
    const command = new ListObjectVersionsCommand({
      Bucket: bucket,
      Prefix: ID_PREFIX,
      Delimiter: "/",
      ...at,
    });
    const page: ListObjectVersionsOutput = await client
      .send(command, { abortSignal: signal })
      .catch((error: unknown): ListObjectVersionsOutput => {
        if (isNoSuchBucket(error)) return {};
        throw error;
      });
    const ids = (page.CommonPrefixes ?? []).map(({ Prefix = "" }) => Prefix.slice(0, -1)).filter(isStagingId);
    if (ids.length > 0) return ids.slice(0, 5);
    if (page.IsTruncated !== true) return [];
    at = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
  }
}
