import { InputError, UserError } from "../../../staging/errors.ts";
import { excludePatternOf } from "../../../staging/exclude-path.ts";
import type { Words } from "../../../staging/option.ts";
import { shellString } from "../../../staging/shell.ts";
import { type ObjectFacts, objectMetadata, userMetadata } from "../../store/object-facts.ts";
import { MAX_METADATA_BYTES, mailSafe, metadataBytes } from "../../store/object-headers.ts";
import { shown } from "./source.ts";

/** A source's metadata in a HEAD response. */
interface SourceMetadata {
  readonly metadata: Readonly<Record<string, string>>;
  /** The number of entries that S3 cannot return in headers. */
  readonly missingMetadata: number;
}

/**
 * The metadata of a copy: the source's own, and the facts of this program. New facts replace those of an earlier staging.
 * @param url of the source
 * @param path of the object below its prefix; undefined for a single object
 * @throws UserError if S3 cannot keep all entries
 */
export function copiedMetadata(
  source: SourceMetadata,
  facts: ObjectFacts,
  url: string,
  path?: string,
): Record<string, string> {
  const why = problemOf(source, facts);
  if (why === undefined) return merged(source, facts);
  const fix: Words = (spell) =>
    path === undefined
      ? copyWithLess(url)
      : `${copyWithLess(url)} Or upload without it: ${spell("exclude", excludePatternOf(path))}.`;
  throw new UserError(notKept(url), { why, fix });
}

/** Refuses a single object before spawn creates anything. @throws InputError if S3 cannot keep all of its metadata */
export function refuseLostMetadata(source: SourceMetadata, facts: ObjectFacts, url: string): void {
  const why = problemOf(source, facts);
  if (why !== undefined) throw new InputError(notKept(url), { why, fix: copyWithLess(url) });
}

const merged = ({ metadata }: SourceMetadata, facts: ObjectFacts): Record<string, string> => ({
  ...mailSafe(userMetadata(metadata)),
  ...objectMetadata(facts),
});

function problemOf(source: SourceMetadata, facts: ObjectFacts): string | undefined {
  const { missingMetadata } = source;
  if (missingMetadata > 0) return `S3 does not tell ${missingMetadata} of its metadata entries in headers.`;
  const bytes = metadataBytes(merged(source, facts));
  if (bytes <= MAX_METADATA_BYTES) return undefined;
  const own = metadataBytes(objectMetadata(facts));
  return `It has ${bytes - own} bytes of user metadata. Staging adds ${own}, and S3 keeps at most ${MAX_METADATA_BYTES}.`;
}

const notKept = (url: string): string => `the metadata of ${shown(url)} cannot be kept`;

const copyWithLess = (url: string): string =>
  `Copy the object with less metadata, and stage the copy: aws s3 cp ${shellString(url)} s3://BUCKET/KEY --metadata-directive REPLACE.`;
