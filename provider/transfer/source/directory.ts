import { realpath } from "node:fs/promises";
import { homedir } from "node:os";
import { basename } from "node:path";
import { InputError } from "../../../staging/errors.ts";
import { checkFilesLeft, exclusionOf } from "../../../staging/exclude.ts";
import { refuseControlCharacters } from "../../../staging/filename.ts";
import { SAMPLE_ID } from "../../../staging/ids.ts";
import { objectKey } from "../../../staging/manifest.ts";
import { partSizeFor } from "../../../staging/part-size.ts";
import { refuse } from "./error.ts";
import { type Access, SourceFolders } from "./folder.ts";
import { refuseOwnFolders } from "./own-folders.ts";
import { type DirectorySource, type FindOptions, shown } from "./source.ts";
import { walk } from "./walk.ts";

export interface DirectoryOptions
  extends Pick<FindOptions, "exclude" | "followLinks" | "name" | "signal" | "onEntry" | "threads"> {
  /** Folders that this program writes to while it uploads. @default none */
  readonly ownFolders?: readonly string[] | undefined;
  /** The way to keep folders. @default the best that this machine supports */
  readonly access?: Access | undefined;
}

/**
 * Walks a directory, counts its files and bytes, and checks that all of it can be staged.
 * @param path absolute. If it is a link, it is resolved once; a later change of the link has no effect
 * @throws InputError that names an entry which cannot be read or staged
 */
export async function findDirectory(path: string, options: DirectoryOptions): Promise<DirectorySource> {
  const filename = options.name ?? basename(path);
  if (filename === "") {
    throw new InputError(`${path} has no name under which it could be staged`, {
      fix: "Name a directory below it.",
    });
  }
  refuseControlCharacters(filename);
  const { exclude = [], followLinks = false, ownFolders = [], threads, signal, onEntry, access } = options;
  const root = await realpath(path).catch((error: unknown) => refuse(path, error));
  const names = { locations: [...new Set([path, root])], home: homedir() };
  const rootFolder = new SourceFolders(threads, access).folder(root);
  const newWalk = () => ({
    ...{ root, rootFolder, isWhole: exclude.length === 0, followLinks, ownFolders },
    exclusion: exclusionOf(exclude, names),
  });
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
  const unused = first.exclusion.finish();
  const warnings = [...unused, ...checkFilesLeft(shown(path), fileCount, first.exclusion)];
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
