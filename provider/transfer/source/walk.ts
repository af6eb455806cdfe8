import { constants } from "node:fs";
import { join } from "node:path";
import { failedAt, refuse, refuseFormat, sizeMismatch, systemError } from "./error.ts";
import { assertNoneKept } from "./excluded-folder.ts";
import { type FilePlace, localFile, permissionsOf } from "./file.ts";
import type { FileFacts, Measured } from "./file-thread-program.ts";
import type { SourceFolder } from "./folder.ts";
import { FolderNames } from "./folder-names.ts";
import { type Followed, followLinks, loop, type Walk } from "./followed-link.ts";
import { assertReadableBy } from "./foreign-link.ts";
import { readLink } from "./link.ts";
import { type LocalFile, SourceChangedError, type SourceEntry } from "./source.ts";

/** Files to measure together. */
const BATCH = 64;

/** A folder to enter. */
interface FoundFolder {
  readonly folder: SourceFolder;
  /** Relative to the root, ending in `/`; empty for the root. */
  readonly path: string;
  /** The owners, other than the user and root, of links on the way to this folder. */
  readonly foreignOwners: readonly number[];
}

/** A folder on the path from the root to the current position. */
interface Frame extends FoundFolder {
  readonly names: FolderNames;
  /** Device and inode, if the walk follows links. */
  readonly identity: string | undefined;
  readonly mode: string;
  position: number;
  batch: Item[];
  next: Promise<Item[]>;
  isEmpty: boolean;
}

/** The next item of a folder. */
type Item = { readonly entry: SourceEntry } | FoundFolder;

/**
 * The entries of a tree, sorted by path. Only the packed names of the folders on the current path are in memory. If names of folders
 * are sorted as if they ended in `/`, a walk visits the whole tree in order.
 */
export async function* walk(tree: Walk): AsyncGenerator<SourceEntry, void, void> {
  const { folders } = tree.rootFolder;
  folders.begin();
  const frames: Frame[] = [];
  try {
    frames.push(await enter(tree, { folder: tree.rootFolder, path: "", foreignOwners: [] }, frames));
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      tree.signal.throwIfAborted();
      const item = await nextItem(tree, frame);
      if (item === undefined) {
        frames.pop();
        if (frame.isEmpty && frames.length > 0) {
          yield { type: "directory", path: frame.path, mode: frame.mode };
        }
        continue;
      }
      frame.isEmpty = false;
      if ("entry" in item) yield item.entry;
      else frames.push(await enter(tree, item, frames));
    }
  } finally {
    // The look-ahead needs the descriptors until it ends.
    await Promise.allSettled(frames.map(({ next }) => next));
    folders.end();
  }
}

async function enter(
  tree: Walk,
  { folder, path, foreignOwners }: FoundFolder,
  above: readonly Frame[],
): Promise<Frame> {
  const names = await FolderNames.read(folder, {
    followLinks: tree.followLinks,
    // A pattern may exclude names, so do not measure them here.
    ...(tree.isWhole ? { measure: BATCH, open: tree.checked } : {}),
  });
  const { identity, mode, uid } = await folder.facts();
  if (tree.followLinks && above.some((frame) => frame.identity === identity)) throw loop(tree.root, path);
  assertReadableBy(foreignOwners, { uid, mode }, folder.location);
  const frame: Frame = {
    ...{ folder, path, foreignOwners },
    names,
    identity: tree.followLinks ? identity : undefined,
    mode: permissionsOf(mode),
    ...{ position: 0, batch: [], next: Promise.resolve([]), isEmpty: true },
  };
  lookAhead(tree, frame);
  return frame;
}

async function nextItem(tree: Walk, frame: Frame): Promise<Item | undefined> {
  while (frame.batch.length === 0) {
    const isLast = frame.position >= frame.names.length;
    frame.batch = (await frame.next).reverse();
    // Measure the next batch while the caller works on this one.
    if (isLast) frame.next = Promise.resolve([]);
    else lookAhead(tree, frame);
    if (isLast && frame.batch.length === 0) return undefined;
  }
  return frame.batch.pop();
}

function lookAhead(tree: Walk, frame: Frame): void {
  const start = frame.position;
  frame.position = Math.min(start + BATCH, frame.names.length);
  frame.next = itemsAt(tree, frame, start, frame.position);
  frame.next.catch(() => undefined); // `nextItem` throws it
}

/** The items of a folder from position `start` to `end`. */
async function itemsAt(tree: Walk, frame: Frame, start: number, end: number): Promise<Item[]> {
  const { folder, path, foreignOwners } = frame;
  const wanted = await wantedNames(tree, frame, start, end);
  const followed = await followLinks(
    tree,
    folder,
    path,
    wanted
      .filter(({ format, isFolder }) => !isFolder && format !== constants.S_IFREG)
      .map(({ name }) => name),
  );
  const { location } = folder;
  const plain = wanted.filter(({ name, isFolder }) => !isFolder && !followed.has(name));
  const entries = await entriesOf(
    tree,
    plain.map(({ name, measured }) => ({
      at: { folder, name, location: join(location, name) },
      path: path + name,
      measured,
    })),
    foreignOwners,
  );
  const items: Item[] = [];
  for (const { name, isFolder } of wanted) {
    const target = followed.get(name);
    if (isFolder) {
      items.push({ folder: folder.child(name), path: `${path}${name}/`, foreignOwners });
    } else if (target === undefined) {
      const entry = entries.get(path + name);
      if (entry === undefined) throw new Error(`${name} was not measured`);
      items.push({ entry });
    } else {
      items.push(...(await followedItems(tree, path + name, target, foreignOwners)));
    }
  }
  return items;
}

/** The items in place of a link. */
async function followedItems(
  tree: Walk,
  path: string,
  target: Followed,
  foreignAbove: readonly number[],
): Promise<Item[]> {
  const foreignOwners = [...foreignAbove, ...target.foreignOwners];
  if (target.kind === "folder") {
    if (tree.exclusion.excludes(`${path}/`)) return [];
    return [{ folder: target.folder, path: `${path}/`, foreignOwners }];
  }
  const entry = (await entriesOf(tree, [{ at: target.at, path, measured: undefined }], foreignOwners)).get(
    path,
  );
  if (entry === undefined) throw new Error(`${path} was not measured`);
  return [{ entry }];
}

/** The names of a folder from position `start` to `end`, without the excluded ones. */
async function wantedNames(tree: Walk, { folder, path, names }: Frame, start: number, end: number) {
  const wanted = [];
  for (let position = start; position < end; position += 1) {
    const found = names.at(position);
    const { name, format, isFolder } = found;
    const shownPath = path + name + (isFolder ? "/" : "");
    if (tree.exclusion.excludes(shownPath)) {
      if (isFolder && tree.checked) await assertNoneKept(tree, folder.child(name), shownPath);
      continue;
    }
    refuseFormat(() => folder.pathOf(name), format);
    wanted.push(found);
  }
  return wanted;
}

interface Located {
  readonly at: FilePlace;
  /** Relative to the root. */
  readonly path: string;
  readonly measured: Measured | undefined;
}

/** The entries of files and links, all in one folder. */
async function entriesOf(
  tree: Walk,
  located: readonly Located[],
  foreignOwners: readonly number[],
): Promise<Map<string, SourceEntry>> {
  const entries = new Map<string, SourceEntry>();
  const folder = located[0]?.at.folder;
  if (folder === undefined) return entries;
  const unknown = located.filter(({ measured }) => measured === undefined).map(({ at }) => at.name);
  const measured =
    unknown.length === 0
      ? []
      : await folder.use((place) => folder.folders.threads.measureFiles(place, unknown, tree.checked));
  let next = 0;
  for (const each of located) {
    const found = each.measured ?? measured[next++];
    if (found === undefined) throw new Error(`${each.path} was not measured`);
    entries.set(each.path, await entryOf(tree, each, found, foreignOwners));
  }
  return entries;
}

async function entryOf(
  tree: Walk,
  { at, path }: Located,
  found: Measured,
  foreignOwners: readonly number[],
): Promise<SourceEntry> {
  if ("problem" in found) throw failedAt(at.location, found.problem);
  const format = found.mode & constants.S_IFMT;
  if (format === constants.S_IFLNK) {
    // The listing did not show a link here.
    if (tree.followLinks) throw new SourceChangedError(at.location, "replaced");
    return { type: "link", path, target: await readLink(tree, at, path) };
  }
  if (format === constants.S_IFDIR) throw new SourceChangedError(at.location, "replaced");
  refuseFormat(() => at.location, format);
  assertReadableBy(foreignOwners, found, at.location);
  return fileOf(at, path, found);
}

function fileOf(at: FilePlace, path: string, found: FileFacts): LocalFile {
  if (found.refusal !== undefined) return refuse(at.location, systemError(found.refusal));
  if (found.hasSizeMismatch === true) throw sizeMismatch(at.location);
  return localFile(at, path, found);
}
