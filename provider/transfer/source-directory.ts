import { isUtf8 } from "node:buffer";
import { constants } from "node:fs";
import { lstat, readdir, realpath } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { InputError } from "../../staging/errors.ts";
import { type Exclusion, exclusionOf, refuseNothingLeft } from "../../staging/exclude.ts";
import { refuseControlCharacters } from "../../staging/filename.ts";
import { SAMPLE_ID } from "../../staging/ids.ts";
import { comparePaths, objectKey } from "../../staging/manifest.ts";
import { assertNoneKept } from "./excluded-folder.ts";
import type { Measured } from "./file-thread-program.ts";
import { measureFiles } from "./file-threads.ts";
import { type FolderChain, followedLink } from "./followed-link.ts";
import { refuseOwnFolders } from "./own-folders.ts";
import { partSizeFor } from "./parts.ts";
import { type DirectorySource, type SourceEntry, shown } from "./source.ts";
import { localFile, missized, permissionsOf, refuse, systemError } from "./source-file.ts";
import { formatOf, refuseFormat } from "./source-format.ts";
import { readLink } from "./source-link.ts";

/** Files that are looked at together. */
const BATCH = 64;

export interface DirectoryOptions {
  readonly exclude?: readonly string[];
  /** Takes what links lead to in their place. @default false */
  readonly followLinks?: boolean | undefined;
  /** The name under which it is stored. @default its own */
  readonly name?: string;
  /** Folders that this program writes to while it uploads. @default none */
  readonly ownFolders?: readonly string[] | undefined;
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
  const { exclude = [], followLinks = false, ownFolders = [], signal, onEntry } = options;
  const root = await realpath(path).catch((error: unknown) => refuse(path, error));
  const names = { locations: [...new Set([path, root])], home: homedir() };
  const newWalk = () => ({ root, exclusion: exclusionOf(exclude, names), followLinks, ownFolders });
  let fileCount = 0;
  let sizeBytes = 0;
  const first = { ...newWalk(), signal, checked: true };
  refuseOwnFolders(first, root, "");
  for await (const entry of walk(first)) {
    onEntry?.(entry);
    if (entry.type !== "file") continue;
    objectKey(SAMPLE_ID, `${filename}/${entry.path}`);
    partSizeFor(entry.size);
    fileCount += 1;
    sizeBytes += entry.size;
  }
  objectKey(SAMPLE_ID, filename);
  const warnings = first.exclusion.finish();
  refuseNothingLeft(shown(path), fileCount, first.exclusion);
  return {
    kind: "directory",
    filename,
    name: path,
    fileCount,
    sizeBytes,
    warnings,
    entries: (stop) => walk({ ...newWalk(), signal: stop, checked: false }),
  };
}

/** One way through a tree. */
export interface Walk {
  readonly root: string;
  readonly exclusion: Exclusion;
  readonly followLinks: boolean;
  readonly ownFolders: readonly string[];
  readonly signal: AbortSignal;
  /** Whether each file is opened to see that it can be read. */
  readonly checked: boolean;
}

/**
 * The entries of a tree, sorted by path. In memory are only the names in the folders on the way down to the current
 * one: a folder's names, sorted as if those of folders ended in `/`, give the order of the whole.
 * @param above the folder itself and those that it is in, where links are followed
 */
async function* walk(tree: Walk, folder = "", above?: FolderChain): AsyncGenerator<SourceEntry, void, void> {
  const names = await namesIn(tree, folder, above);
  const look = (at: number): Promise<Map<string, SourceEntry>> => {
    const files = names.slice(at, at + BATCH).filter(({ isFolder }) => !isFolder);
    const measured = measure(tree, folder, files);
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
    for (const { name, chain } of batch) {
      const entry = entries.get(folder + name);
      if (entry !== undefined) {
        yield entry;
        continue;
      }
      let isEmpty = true;
      for await (const below of walk(tree, folder + name, chain)) {
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
  /** Where it is in truth, of a link that is followed. */
  readonly location?: string;
  /** Of a folder, where links are followed. */
  readonly chain?: FolderChain | undefined;
}

async function namesIn(tree: Walk, folder: string, above: FolderChain | undefined): Promise<Name[]> {
  const location = join(tree.root, folder);
  const found = await readdir(location, { withFileTypes: true, encoding: "buffer" }).catch((error: unknown) =>
    refuse(location, error),
  );
  const names: Name[] = [];
  const { followLinks, exclusion } = tree;
  for (const item of found) {
    if (!isUtf8(item.name)) throw notUtf8(location, item.name);
    const isFolder = item.isDirectory();
    const name = item.name.toString() + (isFolder ? "/" : "");
    if (exclusion.excludes(folder + name)) {
      if (isFolder && tree.checked) await assertNoneKept(tree, folder + name);
      continue;
    }
    refuseFormat(join(location, name), formatOf(item));
    if (!followLinks || item.isFile()) {
      names.push({ name, isFolder });
      continue;
    }
    const followed = await followedLink(tree, folder + name, above);
    if (!followed.isFolder) {
      names.push({ name, ...followed });
      continue;
    }
    const asFolder = isFolder ? name : `${name}/`;
    if (!isFolder && exclusion.excludes(folder + asFolder)) continue;
    names.push({ name: asFolder, ...followed });
  }
  return names.sort((a, b) => comparePaths(a.name, b.name));
}

/** The entries of names that are no folders. */
async function measure(
  tree: Walk,
  folder: string,
  names: readonly Name[],
): Promise<Map<string, SourceEntry>> {
  if (names.length === 0) return new Map();
  const locations = names.map(({ name, location }) => location ?? join(tree.root, folder, name));
  const measured = await measureFiles(locations, tree.checked);
  const entries = new Map<string, SourceEntry>();
  for (const [index, { name }] of names.entries()) {
    const [location, found] = [locations[index], measured[index]];
    if (location === undefined || found === undefined) throw new Error(`${name} was not measured`);
    entries.set(folder + name, await entryOf(tree, folder + name, location, found));
  }
  return entries;
}

async function entryOf(tree: Walk, path: string, location: string, found: Measured): Promise<SourceEntry> {
  if ("problem" in found) return refuse(location, systemError(found.problem));
  const format = found.mode & constants.S_IFMT;
  if (format === constants.S_IFLNK) return { type: "link", path, target: await readLink(tree.root, path) };
  refuseFormat(location, format);
  if (found.refusal !== undefined) return refuse(location, systemError(found.refusal));
  if (found.isMissized === true) throw missized(location);
  return localFile(location, path, found);
}

async function modeOf(tree: Walk, folder: string): Promise<string> {
  // With a slash at its end, the path of a link is that of what it leads to.
  const location = join(tree.root, folder);
  return permissionsOf((await lstat(location).catch((error: unknown) => refuse(location, error))).mode);
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
