import { isUtf8 } from "node:buffer";
import { constants, type Dirent } from "node:fs";
import { lstat, readdir, realpath } from "node:fs/promises";
import { basename, join } from "node:path";
import { InputError } from "../../staging/errors.ts";
import { type Exclusion, exclusionOf } from "../../staging/exclude.ts";
import { refuseControlCharacters } from "../../staging/filename.ts";
import { SAMPLE_ID } from "../../staging/ids.ts";
import { comparePaths, objectKey } from "../../staging/manifest.ts";
import type { Measured } from "./file-thread-program.ts";
import { measureFiles } from "./file-threads.ts";
import { partSizeFor } from "./parts.ts";
import { type DirectorySource, type SourceEntry, shown } from "./source.ts";
import { localFile, permissionsOf, refuse, systemError } from "./source-file.ts";
import { readLink } from "./source-link.ts";

/** Files that are looked at together. */
const BATCH = 64;

export interface DirectoryOptions {
  readonly exclude?: readonly string[];
  /** The name under which it is stored. @default its own */
  readonly name?: string;
  readonly signal: AbortSignal;
  /** Told of each entry, in order, when it is found. */
  readonly onEntry?: ((entry: SourceEntry) => void) | undefined;
}

/**
 * Walks through a directory, counts what is in it, and makes sure that all of it can be staged.
 * @param path absolute
 * @throws InputError that names what cannot be read or staged
 */
export async function findDirectory(path: string, options: DirectoryOptions): Promise<DirectorySource> {
  const filename = options.name ?? basename(path);
  if (filename === "") {
    throw new InputError(`${path} has no name under which it could be staged`, {
      fix: "Name a directory below it.",
    });
  }
  refuseControlCharacters(filename);
  const { exclude = [], signal, onEntry } = options;
  const root = await realpath(path).catch((error: unknown) => refuse(path, error));
  let fileCount = 0;
  let sizeBytes = 0;
  for await (const entry of walk({ root, exclusion: exclusionOf(exclude), signal, checked: true })) {
    onEntry?.(entry);
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
  const look = (at: number): Promise<Map<string, SourceEntry>> => {
    const files = names.slice(at, at + BATCH).filter(({ isFolder }) => !isFolder);
    const measured = measure(
      tree,
      files.map(({ name }) => folder + name),
    );
    measured.catch(() => undefined); // thrown when its turn comes
    return measured;
  };
  let measured = look(0);
  for (let at = 0; at < names.length; at += BATCH) {
    tree.signal.throwIfAborted();
    const batch = names.slice(at, at + BATCH);
    const entries = await measured;
    // The next ones are looked at while these are worked on.
    measured = look(at + BATCH);
    for (const { name } of batch) {
      const entry = entries.get(folder + name);
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
    refuseFormat(join(location, name), formatOf(item));
    names.push({ name, isFolder });
  }
  return names.sort((a, b) => comparePaths(a.name, b.name));
}

/** The entries of paths that are no folders. */
async function measure(tree: Walk, paths: readonly string[]): Promise<Map<string, SourceEntry>> {
  if (paths.length === 0) return new Map();
  const locations = paths.map((path) => join(tree.root, path));
  const measured = await measureFiles(locations, tree.checked);
  const entries = new Map<string, SourceEntry>();
  for (const [index, path] of paths.entries()) {
    const [location, found] = [locations[index], measured[index]];
    if (location === undefined || found === undefined) throw new Error(`${path} was not measured`);
    entries.set(path, await entryOf(tree, path, location, found));
  }
  return entries;
}

async function entryOf(tree: Walk, path: string, location: string, found: Measured): Promise<SourceEntry> {
  if ("problem" in found) return refuse(location, systemError(found.problem));
  const format = found.mode & constants.S_IFMT;
  if (format === constants.S_IFLNK) return { type: "link", path, target: await readLink(tree.root, path) };
  refuseFormat(location, format);
  if (found.refusal !== undefined) return refuse(location, systemError(found.refusal));
  return localFile(location, path, found);
}

async function modeOf(tree: Walk, folder: string): Promise<string> {
  const location = join(tree.root, folder);
  return permissionsOf((await lstat(location).catch((error: unknown) => refuse(location, error))).mode);
}

/** The kinds of what is in folders, as a mode has them. */
const KINDS: ReadonlyMap<number, string> = new Map([
  [constants.S_IFIFO, "a pipe"],
  [constants.S_IFSOCK, "a socket"],
  [constants.S_IFBLK, "a device"],
  [constants.S_IFCHR, "a device"],
]);
const STAGED: readonly number[] = [constants.S_IFREG, constants.S_IFDIR, constants.S_IFLNK];

function formatOf(item: Dirent<Buffer>): number {
  if (item.isFile()) return constants.S_IFREG;
  if (item.isDirectory()) return constants.S_IFDIR;
  if (item.isSymbolicLink()) return constants.S_IFLNK;
  if (item.isFIFO()) return constants.S_IFIFO;
  if (item.isSocket()) return constants.S_IFSOCK;
  if (item.isBlockDevice()) return constants.S_IFBLK;
  return item.isCharacterDevice() ? constants.S_IFCHR : 0;
}

function refuseFormat(location: string, format: number): void {
  if (STAGED.includes(format)) return;
  const kind = KINDS.get(format) ?? "neither a file nor a directory";
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
