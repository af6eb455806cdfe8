/** What is known of an object when its creation starts, kept in its metadata. All values are ASCII, as S3 wants it. */
export interface ObjectFacts {
  /** Bytes of each part but the last; 0: not in parts. */
  readonly partSize: number;
  /** Lower-case hex; known beforehand only for objects that are sent in one request. */
  readonly sha256?: string;
  /** Of a copy from elsewhere on S3: the ETag of the object that was copied. */
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

/** The facts in an object's metadata; undefined when another program made the object. */
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
