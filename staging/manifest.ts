import { InputError, UserError } from "./errors.ts";
import type { StagingId } from "./ids.ts";
import { isRecord } from "./type-guards.ts";

/**
 * The manifest of an entry: JSON lines, written and read line by line. The first line is a {@link ManifestHeader},
 * every other line a {@link ManifestEntry}, sorted by {@link comparePaths}. It names neither the entry nor its
 * source: equal trees have equal manifests, so that its SHA-256 identifies a directory's content.
 */
export interface ManifestHeader {
  readonly version: 1;
  readonly kind: "file" | "directory";
}

export interface ManifestFile {
  readonly type: "file";
  /** For a directory: relative to it, with `/`. For a single file: its name. */
  readonly path: string;
  readonly size: number;
  /** Lower-case hex; absent if it was not computed, which happens only for S3 sources. */
  readonly sha256?: string;
  /** The ETag of the source's object, in place of a SHA-256. */
  readonly etag?: string;
  /** Permission bits in octal, such as `644`. */
  readonly mode: string;
}

/** A symbolic link inside a directory. It never leads out of it, and is not an S3 object. */
export interface ManifestLink {
  readonly type: "link";
  readonly path: string;
  /** The original text, relative to the folder of the link. */
  readonly target: string;
}

/** An empty folder. It is not an S3 object. */
export interface ManifestFolder {
  readonly type: "directory";
  /** Ends in `/`. */
  readonly path: string;
  readonly mode: string;
}

export type ManifestEntry = ManifestFile | ManifestLink | ManifestFolder;

/** The value in place of a SHA-256 that was not computed, in outputs and records. */
export const NO_SHA256 = "none";

/** Last component of the manifest's key. No source may have this name. */
export const MANIFEST_NAME = ".spawn-manifest.jsonl";

export const entryPrefix = (id: StagingId | string): string => `${id}/`;
export const manifestKey = (id: StagingId | string): string => `${entryPrefix(id)}${MANIFEST_NAME}`;

/** S3 keys have at most 1,024 bytes. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const MAX_KEY_BYTES = 1024;

/** The key of a path inside an entry. @throws InputError if S3 or the manifest cannot store it */
export function objectKey(id: StagingId | string, path: string): string {
  const key = `${entryPrefix(id)}${path}`;
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw new InputError(`the name ${JSON.stringify(path)} is too long`, {
      why: `With the staging ID it has more than ${MAX_KEY_BYTES} bytes, S3's limit for a key.`,
    });
  }
  if (path === MANIFEST_NAME || path.startsWith(`${MANIFEST_NAME}/`)) {
    throw new InputError(`a source cannot be named ${MANIFEST_NAME}`, {
      why: "The entry's manifest has that name.",
      fix: "Rename it.",
    });
  }
  return key;
}

/** Orders paths by their UTF-8 bytes, as S3 lists keys; UTF-16 order differs beyond U+FFFF. */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (left === right) continue;
    // Surrogates sort after every other character.
    const [isLeftHigh, isRightHigh] = [isSurrogate(left), isSurrogate(right)];
    return isLeftHigh === isRightHigh ? left - right : isLeftHigh ? 1 : -1;
  }
  return a.length - b.length;
}

const isSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdfff;

export function manifestLine(line: ManifestHeader | ManifestEntry): string {
  return `${JSON.stringify(line)}\n`;
}

export interface Manifest {
  readonly header: ManifestHeader;
  /** In order; read on demand. */
  readonly entries: AsyncGenerator<ManifestEntry, void, void>;
}

/** A manifest that this program did not write, or that was changed. */
export class ManifestError extends UserError {}

/**
 * Parses a manifest in chunks, with the memory of one line. Any user who can write below the entry's prefix can write
 * the manifest, so the parser trusts nothing: paths and links stay in the tree, and paths are unique.
 * @param chunks its bytes, split anywhere
 * @throws ManifestError that names the invalid line, while the entries are read
 */
export async function parseManifest(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<Manifest> {
  const lines = readLines(chunks);
  const first = await lines.next();
  const header = first.done === true ? fail(1) : parseHeader(first.value);
  return { header, entries: readEntries(lines) };
}

async function* readEntries(
  lines: AsyncGenerator<string, void, void>,
): AsyncGenerator<ManifestEntry, void, void> {
  let number = 1;
  let previous: string | undefined;
  for await (const line of lines) {
    number += 1;
    const entry = parseEntry(parseJson(line, number)) ?? fail(number);
    if (previous !== undefined && comparePaths(previous, entry.path) >= 0) fail(number);
    previous = entry.path;
    yield entry;
  }
}

async function* readLines(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let rest = "";
  let number = 1;
  for await (const chunk of chunks) {
    const pieces = decoded(decoder, number, chunk).split("\n");
    for (const [at, piece] of pieces.entries()) {
      if (rest.length + piece.length > MAX_LINE) fail(number);
      const line = rest + piece;
      rest = at < pieces.length - 1 ? "" : line;
      if (at === pieces.length - 1) continue;
      number += 1;
      yield line;
    }
  }
  if (rest + decoded(decoder, number) !== "")
    throw new ManifestError("the manifest is truncated", { why: "Its last line is incomplete." });
}

/** Maximum characters of a line: the longest path and target, with every character escaped. */
const MAX_LINE = 65_536;

function decoded(decoder: InstanceType<typeof TextDecoder>, line: number, chunk?: Uint8Array): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch {
    return fail(line); // not UTF-8
  }
}

function fail(line: number): never {
  throw new ManifestError(`line ${line} of the manifest cannot be read`, {
    why: "It was changed, or another version of spawn wrote it.",
  });
}

function parseJson(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return fail(number);
  }
}

function parseHeader(line: string): ManifestHeader {
  const value = parseJson(line, 1);
  if (!isRecord(value) || value["version"] !== 1) return fail(1);
  const kind = value["kind"];
  return kind === "file" || kind === "directory" ? { version: 1, kind } : fail(1);
}

const PATH = /^(?!\/)(?!(.*\/)?\.{1,2}(\/|$))(?!.*\/\/)./s;
const MODE = /^[0-7]{3}$/;
const HEX = /^[0-9a-f]{64}$/;

/** Whether the path can only mean a path below the destination. */
const isPath = (value: unknown): value is string =>
  typeof value === "string" && value.length <= MAX_KEY_BYTES && PATH.test(value) && !value.includes("\0");

/**
 * Whether a link's target begins inside of the tree. The folders of a link are no links, so leading `..` are exact. A
 * `..` after a name, which may be a link, depends on the file system: code that creates links must open them below
 * the tree.
 */
function isTarget(target: unknown, path: string): target is string {
  if (typeof target !== "string" || target === "" || target.startsWith("/") || target.includes("\0"))
    return false;
  const steps = target.split("/").filter((step) => step !== "" && step !== ".");
  const first = steps.findIndex((step) => step !== "..");
  return (first < 0 ? steps.length : first) < path.split("/").length;
}

function parseEntry(value: unknown): ManifestEntry | undefined {
  if (!isRecord(value)) return undefined;
  const { type, path, size, sha256, etag, mode, target } = value;
  if (!isPath(path)) return undefined;
  const isFolder = path.endsWith("/");
  if (type === "link" && !isFolder && isTarget(target, path)) return { type, path, target };
  if (typeof mode !== "string" || !MODE.test(mode)) return undefined;
  if (type === "directory" && isFolder) return { type, path, mode };
  if (type !== "file" || isFolder || !Number.isSafeInteger(size) || Number(size) < 0) return undefined;
  const file = { type, path, size: Number(size), mode } as const;
  if (typeof sha256 === "string" && HEX.test(sha256)) return { ...file, sha256 };
  return sha256 === undefined && typeof etag === "string" ? { ...file, etag } : undefined;
}
