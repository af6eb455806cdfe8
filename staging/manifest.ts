import { InputError } from "./errors.ts";
import type { StagingId } from "./ids.ts";

/**
 * The manifest of an entry: JSON lines, so that it is written and read without holding it whole. The first line is a
 * {@link ManifestHeader}, every other one a {@link ManifestFile}. Its SHA-256 stands for a directory's content.
 */
export interface ManifestHeader {
  readonly version: 1;
  readonly stagingId: string;
  readonly filename: string;
  readonly kind: "file" | "directory";
}

export interface ManifestFile {
  /** Relative to the entry's folder, with `/`; a single file's own name. */
  readonly path: string;
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Permission bits in octal, such as `644`. */
  readonly mode: string;
}

/** Last component of the manifest's key. No source may have this name. */
export const MANIFEST_NAME = ".spawn-manifest.jsonl";

export const entryPrefix = (id: StagingId | string): string => `${id}/`;
export const manifestKey = (id: StagingId | string): string => `${entryPrefix(id)}${MANIFEST_NAME}`;

/** S3 keys have at most 1,024 bytes. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const MAX_KEY_BYTES = 1024;

/** The key of a path inside an entry. @throws InputError when S3 or the manifest cannot hold it. */
export function objectKey(id: StagingId | string, path: string): string {
  const key = `${entryPrefix(id)}${path}`;
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw new InputError(`the name ${JSON.stringify(path)} is too long`, {
      why: `With the staging ID it has more than ${MAX_KEY_BYTES} bytes, S3's limit for a key.`,
    });
  }
  if (path === MANIFEST_NAME) {
    throw new InputError(`a source cannot be named ${MANIFEST_NAME}`, {
      why: "The entry's manifest has that name.",
      fix: "Rename it.",
    });
  }
  return key;
}

export function manifestLine(line: ManifestHeader | ManifestFile): string {
  return `${JSON.stringify(line)}\n`;
}
