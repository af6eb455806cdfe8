import { isUtf8 } from "node:buffer";
import { constants, type Dirent } from "node:fs";
import { lstat, open, readdir, realpath } from "node:fs/promises";
import { basename, join } from "node:path";
import { InputError } from "../../staging/errors.ts";
import { type Exclusion, exclusionOf } from "../../staging/exclude.ts";
import { refuseControlCharacters } from "../../staging/filename.ts";
import { comparePaths, objectKey } from "../../staging/manifest.ts";
import { partSizeFor } from "./parts.ts";
import { type DirectorySource, type SourceEntry, shown } from "./source.ts";
import { localFile, permissionsOf, refuse } from "./source-file.ts";
import { readLink } from "./source-link.ts";

/** Files that are looked at together. */
const BATCH = 64;

/** Any id will do to tell whether a key is too long: all have the same length. */
const SAMPLE_ID = "stage-000000000000";

export interface DirectoryOptions {
  readonly exclude?: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Walks through a directory, counts what is in it, and makes sure that all of it can be staged.
 * @param path absolute
 * @throws InputError that names what cannot be read or staged
 */
export async function findDirectory(path: string, options: DirectoryOptions): Promise<DirectorySource> {
  const filename = basename(path);
  if (filename === "") {
    throw new InputError(`${path} has no name under which it could be staged`, {
      fix: "Name a directory below it.",
    });
  }
  refuseControlCharacters(filename);
  const { exclude = [], signal } = options;
  const root = await realpath(path).catch((error: unknown) => refuse(path, error));
  let fileCount = 0;
  let sizeBytes = 0;
  for await (const entry of walk({ root, exclusion: exclusionOf(exclude), signal, checked: true })) {
    if (entry.type !== "file") continue;
    objectKey(SAMPLE_ID, `${filename}/${entry.path}`);
    partSizeFor(entry.size);
    fileCount += 1;
    sizeBytes += entry.size;
  }
  objectKey(SAMPLE_ID, filename);
  return {
    kind: "directory",
    filename,
    name: path,
    fileCount,
    sizeBytes,
    entries: (stop) => walk({ root, exclusion: exclusionOf(exclude), signal: stop, checked: false }),
  };
}

interface Walk {
  readonly root: string;
  readonly exclusion: Exclusion;
  readonly signal: AbortSignal;
  /** Whether each file is opened to see that it can be read. */
  readonly checked: boolean;
}

/**
 * The entries of a tree, sorted by path. In memory are only the names in the folders on the way down to the current
 * one: a folder's names, sorted as if those of folders ended in `/`, give the order of the whole.
 */
async function* walk(tree: Walk, folder = ""): AsyncGenerator<SourceEntry, void, void> {
  const names = await namesIn(tree, folder);
  for (let at = 0; at < names.length; at += BATCH) {
    tree.signal.throwIfAborted();
    const batch = names.slice(at, at + BATCH);
    const entries = await Promise.all(
      batch.map(({ name, isFolder }) => (isFolder ? undefined : measure(tree, folder + name))),
    );
    for (const [index, { name }] of batch.entries()) {
      const entry = entries[index];
      if (entry !== undefined) {
        yield entry;
        continue;
      }
      let isEmpty = true;
      for await (const below of walk(tree, folder + name)) {
        isEmpty = false;
        yield below;
      }
      if (isEmpty) yield { type: "directory", path: folder + name, mode: await modeOf(tree, folder + name) };
    }
  }
}

interface Name {
  /** A folder's ends in `/`. */
  readonly name: string;
  readonly isFolder: boolean;
}

async function namesIn(tree: Walk, folder: string): Promise<Name[]> {
  const location = join(tree.root, folder);
  const found = await readdir(location, { withFileTypes: true, encoding: "buffer" }).catch((error: unknown) =>
    refuse(location, error),
  );
  const names: Name[] = [];
  for (const item of found) {
    if (!isUtf8(item.name)) throw notUtf8(location, item.name);
    const isFolder = item.isDirectory();
    const name = item.name.toString() + (isFolder ? "/" : "");
    if (tree.exclusion.excludes(folder + name)) continue;
    refuseKind(join(location, name), item);
    names.push({ name, isFolder });
  }
  return names.sort((a, b) => comparePaths(a.name, b.name));
}

async function measure(tree: Walk, path: string): Promise<SourceEntry> {
  const location = join(tree.root, path);
  const found = await lstat(location).catch((error: unknown) => refuse(location, error));
  if (found.isSymbolicLink()) return { type: "link", path, target: await readLink(tree.root, path) };
  refuseKind(location, found);
  if (tree.checked) {
    const handle = await open(location, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) =>
      refuse(location, error),
    );
    await handle.close();
  }
  return localFile(location, path, found);
}

async function modeOf(tree: Walk, folder: string): Promise<string> {
  const location = join(tree.root, folder);
  return permissionsOf((await lstat(location).catch((error: unknown) => refuse(location, error))).mode);
}

type Kind = Pick<
  Dirent<Buffer>,
  "isFile" | "isDirectory" | "isSymbolicLink" | "isFIFO" | "isSocket" | "isBlockDevice" | "isCharacterDevice"
>;

function refuseKind(location: string, found: Kind): void {
  if (found.isFile() || found.isDirectory() || found.isSymbolicLink()) return;
  const kind = found.isFIFO()
    ? "a pipe"
    : found.isSocket()
      ? "a socket"
      : found.isBlockDevice() || found.isCharacterDevice()
        ? "a device"
        : "neither a file nor a directory";
  throw new InputError(`${shown(location)} is ${kind}`, {
    why: "It has no content that could be staged.",
    fix: "Remove it, or leave it out with --exclude.",
  });
}

function notUtf8(folder: string, name: Buffer): InputError {
  const escaped = [...name]
    .map((byte) =>
      byte >= 0x20 && byte < 0x7f && byte !== 0x5c
        ? String.fromCharCode(byte)
        : `\\x${byte.toString(16).padStart(2, "0")}`,
    )
    .join("");
  return new InputError(`the name "${escaped}" in ${shown(folder)} is not valid UTF-8`, {
    why: "S3's keys are UTF-8.",
    fix: "Rename it.",
  });
}
