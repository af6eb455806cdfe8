import { InputError } from "./errors.ts";
import { exclusionOf } from "./exclude.ts";
import { ID_PREFIX } from "./ids.ts";
import { entryPrefix } from "./manifest.ts";
import { isPrefix, isS3Url, parseS3Url } from "./s3-url.ts";

/** The source of an upload, and the entry that it writes. */
export interface OverlapCase {
  /** A path, or an `s3://` URL. */
  readonly source: string;
  readonly exclude?: readonly string[] | undefined;
  /** The staging ID under which the upload writes. */
  readonly id: string;
}

/**
 * Refuses an S3 source that would contain the objects of its own entry: the upload would copy its own copies
 * endlessly. Another entry's prefix in the same bucket is a valid source, and so is a user's prefix.
 * @param buckets in which the upload writes, or to which S3 replicates it
 * @throws InputError that names the bucket and the fixes
 */
export function refuseOverlap({ source, exclude = [], id }: OverlapCase, buckets: Iterable<string>): void {
  if (!isS3Url(source)) return;
  const place = parseS3Url(source);
  if (![...buckets].includes(place.bucket)) return;
  const own = entryPrefix(id);
  if (place.key.startsWith(own)) throw overlaps(source, place.bucket, "It names the new entry itself.");
  if (!isPrefix(place) || !own.startsWith(place.key)) return;
  if (exclusionOf(exclude, { locations: [source.replace(/\/$/, "")] }).excludes(own.slice(place.key.length)))
    return;
  throw overlaps(source, place.bucket, "The upload would copy its own copies endlessly.");
}

/** Whether the bucket of a URL is an access point alias, behind which any bucket may be. */
export const isAccessPointAlias = (bucket: string): boolean => bucket.endsWith("-s3alias");

/** A source that contains the output of its upload. */
export class OverlapError extends InputError {}

/** The error for a source that contains, or leads to, the output of its upload. */
export const overlaps = (source: string, bucket: string, why: string): OverlapError =>
  new OverlapError(`${source} overlaps its own new entry`, {
    why: `${bucket} is a staging bucket of this environment. ${why}`,
    fix: (spell) =>
      `To stage one entry again: s3://${bucket}/${ID_PREFIX}…/. To stage the rest of the bucket: ${spell("exclude", `/${ID_PREFIX}*/`)}`,
  });
