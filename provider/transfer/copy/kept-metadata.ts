import { InputError, UserError } from "../../../staging/errors.ts";
import { excludePatternOf } from "../../../staging/exclude-path.ts";
import { shellString } from "../../../staging/shell.ts";
import { MAX_METADATA_BYTES, mailSafe, metadataBytes } from "../../store/object-headers.ts";
import { shown } from "../source/source.ts";
import { type ObjectFacts, objectMetadata, userMetadata } from "../verify/object-facts.ts";

/** A source's metadata, as a HEAD tells them. */
export interface SourceMetadata {
  readonly metadata: Readonly<Record<string, string>>;
  /** Entries that S3 cannot put into headers. */
  readonly missingMetadata: number;
}

/**
 * The metadata of a copy: the source's own beside the facts of this program. Facts of an earlier staging are replaced.
 * @param url of the source
 * @param path of the object below its prefix; undefined for a single object
 * @throws UserError when S3 could not keep all of them
 */
export function copiedMetadata(
  source: SourceMetadata,
  facts: ObjectFacts,
  url: string,
  path?: string,
): Record<string, string> {
  const why = problemOf(source, facts);
  if (why === undefined) return together(source, facts);
  const leaveOut =
    path === undefined ? "" : ` Or upload without it: --exclude ${shellString(excludePatternOf(path))}.`;
  throw new UserError(notKept(url), { why, fix: less(url) + leaveOut });
}

/** Refuses a single object before anything is created. @throws InputError when S3 could not keep all of its metadata */
export function refuseLostMetadata(source: SourceMetadata, facts: ObjectFacts, url: string): void {
  const why = problemOf(source, facts);
  if (why !== undefined) throw new InputError(notKept(url), { why, fix: less(url) });
}

const together = ({ metadata }: SourceMetadata, facts: ObjectFacts): Record<string, string> => ({
  ...mailSafe(userMetadata(metadata)),
  ...objectMetadata(facts),
});

function problemOf(source: SourceMetadata, facts: ObjectFacts): string | undefined {
  const { missingMetadata } = source;
  if (missingMetadata > 0) return `S3 does not tell ${missingMetadata} of its metadata entries in headers.`;
  const bytes = metadataBytes(together(source, facts));
  if (bytes <= MAX_METADATA_BYTES) return undefined;
  const own = metadataBytes(objectMetadata(facts));
  return `It has ${bytes - own} bytes of user metadata. Staging adds ${own}, and S3 keeps at most ${MAX_METADATA_BYTES}.`;
}

const notKept = (url: string): string => `the metadata of ${shown(url)} cannot be kept`;

const less = (url: string): string =>
  `Copy the object with less metadata, and stage the copy: aws s3 cp ${shellString(url)} s3://BUCKET/KEY --metadata-directive REPLACE.`;
