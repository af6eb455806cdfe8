/** Facts that are known when the creation of an object starts. The object's metadata stores them, in ASCII, as S3 requires. */
export interface ObjectFacts {
  /** Bytes of each part except the last; 0 if the object has no parts. */
  readonly partSize: number;
  /** Lower-case hex. Known at the start only for objects that are sent in one request. */
  readonly sha256?: string;
  /** The ETag of the source object, for a copy of an S3 source. */
  readonly sourceEtag?: string;
}

const PART_SIZE = "spawn-part-size";
const SHA256 = "spawn-sha256";
const SOURCE_ETAG = "spawn-source-etag";

export function objectMetadata(facts: ObjectFacts): Record<string, string> {
  return {
    [PART_SIZE]: String(facts.partSize),
    ...(facts.sha256 === undefined ? {} : { [SHA256]: facts.sha256 }),
    ...(facts.sourceEtag === undefined ? {} : { [SOURCE_ETAG]: facts.sourceEtag }),
  };
}

const OWN: ReadonlySet<string> = new Set([PART_SIZE, SHA256, SOURCE_ETAG]);

/** The metadata without the facts of this program. */
export function userMetadata(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => !OWN.has(name)));
}

/** The facts in an object's metadata; undefined if another program created the object. */
export function parseObjectMetadata(metadata: Readonly<Record<string, string>>): ObjectFacts | undefined {
  const partSize = metadata[PART_SIZE];
  if (partSize === undefined || !/^\d{1,15}$/.test(partSize)) return undefined;
  const sha256 = metadata[SHA256];
  const sourceEtag = metadata[SOURCE_ETAG];
  return {
    partSize: Number(partSize),
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(sourceEtag === undefined ? {} : { sourceEtag }),
  };
}
