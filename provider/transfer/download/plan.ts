import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readlink } from "node:fs/promises";
import { join } from "node:path";
import { InputError, UserError } from "../../../staging/errors.ts";
import { leavesTree } from "../../../staging/link-target.ts";
import type { ManifestEntry, ManifestFile } from "../../../staging/manifest.ts";
import { printable } from "../../../staging/printable.ts";
import { forEachParallel } from "../../flow/parallel.ts";
import { Folders, kindOf, parentOf } from "./folders.ts";

/** Files to compare concurrently. */
const COMPARISONS = 4;
/** The number of paths that an error names. */
const SHOWN = 3;

/** The result of the comparison of the destination with the manifest. */
export interface DownloadPlan {
  readonly folders: Folders;
  /** Paths of existing files that are equal. */
  readonly kept: ReadonlySet<string>;
  /** Paths of existing files that differ and will be replaced. */
  readonly replaced: ReadonlySet<string>;
  /** Targets of links to create, by path. */
  readonly links: ReadonlyMap<string, string>;
  /** Permission bits of empty folders, by path. */
  readonly emptyFolders: ReadonlyMap<string, number>;
  readonly files: number;
  readonly bytes: number;
  /** Files without a recorded SHA-256. */
  readonly unhashed: number;
}

interface PlanOptions {
  readonly signal: AbortSignal;
  /** Whether to replace files that differ. */
  readonly force: boolean;
  /** Called with the bytes of existing files that are equal. */
  onKept(bytes: number): void;
}

/**
 * Compares a directory with a manifest without changes.
 * @param root the directory, which may not exist
 * @param nameOf maps the path of a file in the manifest to its path below the root
 * @throws InputError if an existing file or folder is in the way, or if an existing link would lead out of the directory
 * @throws UserError if the manifest does not describe a tree inside the directory
 */
export async function planDownload(
  root: string,
  entries: AsyncIterable<ManifestEntry>,
  nameOf: (path: string) => string,
  options: PlanOptions,
): Promise<DownloadPlan> {
  const folders = new Folders(root);
  const kept = new Set<string>();
  const replaced = new Set<string>();
  const targets = new Map<string, string>();
  const links = new Map<string, string>();
  const emptyFolders = new Map<string, number>();
  const conflicts: string[] = [];
  const sums = { files: 0, bytes: 0, unhashed: 0 };
  const plan = async (entry: ManifestEntry): Promise<void> => {
    if (entry.type === "directory") {
      const path = entry.path.slice(0, -1);
      await folders.exists(path);
      emptyFolders.set(path, Number.parseInt(entry.mode, 8));
      return;
    }
    const path = nameOf(entry.path);
    const full = join(root, path);
    const kind = (await folders.exists(parentOf(path))) ? await kindOf(full) : "nothing";
    if (kind === "folder" || kind === "other") throw inTheWay(full);
    if (entry.type === "link") {
      targets.set(path, entry.target);
      const isEqual = kind === "link" && (await readlink(full)) === entry.target;
      if (!isEqual) links.set(path, entry.target);
      if (!isEqual && kind !== "nothing") conflicts.push(path);
      return;
    }
    sums.files += 1;
    sums.bytes += entry.size;
    if (entry.sha256 === undefined) sums.unhashed += 1;
    if (kind === "nothing") return;
    if (kind === "file" && (await isEqualFile(full, entry, options.signal))) {
      kept.add(path);
      options.onKept(entry.size);
    } else {
      conflicts.push(path);
      replaced.add(path);
    }
  };
  await forEachParallel(() => entries, COMPARISONS, options.signal, plan);
  for (const path of targets.keys()) {
    if (leavesTree(path, targets)) throw strange(`the link ${printable(path)} leaves the directory`);
  }
  for (const path of folders.paths) {
    if (targets.has(path)) throw strange(`${printable(path)} is a link, and data are below it`);
  }
  if (conflicts.length > 0 && !options.force) throw refusal(root, conflicts);
  return { folders, kept, replaced, links, emptyFolders, ...sums };
}

/** Whether a file has the staged bytes; without a recorded SHA-256, whether it has their size. */
async function isEqualFile(
  path: string,
  { size, sha256 }: ManifestFile,
  signal: AbortSignal,
): Promise<boolean> {
  if ((await lstat(path)).size !== size) return false;
  if (sha256 === undefined) return true;
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024, signal }))
    hash.update(chunk);
  return hash.digest("hex") === sha256;
}

const inTheWay = (path: string): InputError =>
  new InputError(`${printable(path)} is not a file`, {
    why: "The entry has a file or a link with this name.",
    fix: "Move it away, or download to another path.",
  });

const strange = (message: string): UserError =>
  new UserError(`the manifest cannot be used: ${message}`, {
    why: "No upload of spawn writes such a manifest. Nothing was written.",
  });

function refusal(root: string, conflicts: readonly string[]): InputError {
  const shown = conflicts.slice(0, SHOWN).map((path) => printable(join(root, path)));
  const more = conflicts.length > SHOWN ? `, and ${conflicts.length - SHOWN} more` : "";
  const [verb, noun] = conflicts.length === 1 ? ["differs", "file"] : ["differ", "files"];
  return new InputError(`${conflicts.length} existing ${noun} ${verb} from the staged data`, {
    why: `${shown.join(", ")}${more}. Nothing was changed.`,
    fix: "Download to another path, or replace them: --force",
  });
}
