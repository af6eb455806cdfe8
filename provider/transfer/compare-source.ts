import type { SourceComparison } from "../../staging/declared-ids.ts";
import { UserError } from "../../staging/errors.ts";
import type { StagedVersion } from "../../staging/held-entry.ts";
import { isS3Url } from "../../staging/s3-url.ts";
import { contentSha256 } from "./manifest/content.ts";
import { type MeasuredSource, measureSource } from "./measured-source.ts";
import type { FindOptions } from "./source/source.ts";

/**
 * Compares a source with the data that were staged from it. It reads a local source only if sizes or times differ, and never reads a
 * source on S3.
 * @param staged several while a changed source is staged
 */
export async function compareSource(
  location: string,
  staged: readonly StagedVersion[],
  options: Omit<FindOptions, "onEntry">,
): Promise<SourceComparison> {
  try {
    const measured = await measureSource(location, options);
    const same = staged.find((one) => isUnchanged(measured, one));
    if (same !== undefined) return { state: "same", stagingId: same.stagingId };
    if (isEmptied(measured, staged))
      return { state: "unreadable", why: `${location} is empty now: it may not be mounted` };
    if (isS3Url(location)) return { state: "changed", content: measured.version };
    const sha256 = await contentSha256(location, options);
    const equal = staged.find((one) => one.sha256 === sha256);
    if (equal !== undefined) return { state: "same", stagingId: equal.stagingId };
    return { state: "changed", content: sha256, sha256 };
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
