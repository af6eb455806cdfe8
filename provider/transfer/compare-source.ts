import type { SourceComparison } from "../../staging/declared-ids.ts";
import { UserError } from "../../staging/errors.ts";
import type { StagedVersion } from "../../staging/held-entry.ts";
import { isS3Url } from "../../staging/s3-url.ts";
import { hashContent } from "./manifest/content.ts";
import { type MeasuredSource, measureSource } from "./measured-source.ts";
import type { FindOptions } from "./source/source.ts";

/**
 * Compares a source with the data that were staged from it. It reads a local source only if sizes or times differ, and never reads a
 * source on S3. Permissions that differ only by the umask of another machine's checkout are no change.
 * @param staged several while a changed source is staged
 */
export async function compareSource(
  location: string,
  staged: readonly StagedVersion[],
  { pinned, ...options }: Omit<FindOptions, "onEntry"> & { readonly pinned?: string | undefined },
): Promise<SourceComparison> {
  try {
    const measured = await measureSource(location, options);
    const same = staged.find((one) => isUnchanged(measured, one));
    // The pin may be that of another machine's checkout.
    if (same !== undefined && (pinned ?? same.sha256) === same.sha256)
      return { state: "same", stagingId: same.stagingId };
    if (isEmptied(measured, staged))
      return { state: "unreadable", why: `${location} is empty now: it may not be mounted` };
    if (isS3Url(location)) return { state: "changed", content: measured.version };
    const { sha256, checkouts } = await hashContent(location, options);
    const accepted = [sha256, ...checkouts];
    const found = { sha256, ...(pinned === undefined ? {} : { isPinned: accepted.includes(pinned) }) };
    const equal = staged.find((one) => accepted.includes(one.sha256));
    if (equal !== undefined) return { state: "same", stagingId: equal.stagingId, ...found };
    // Every machine computes the same ID.
    return { state: "changed", content: checkouts[0] ?? sha256, ...found };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { state: "unreadable", why: error.message };
  }
}

const isEmptied = (measured: MeasuredSource, staged: readonly StagedVersion[]): boolean =>
  measured.fileCount === 0 && staged.some(({ fileCount }) => fileCount > 0);

function isUnchanged(measured: MeasuredSource, staged: StagedVersion): boolean {
  const { version, changedMs, sizeBytes, fileCount } = measured;
  if (staged.sourceVersion !== undefined) return staged.sourceVersion === version;
  // A state of version 0.1.0.
  const isOlder = changedMs === undefined || changedMs < new Date(staged.uploadedAt).getTime();
  return isOlder && sizeBytes === staged.sizeBytes && fileCount === staged.fileCount;
}
