import { isUtf8 } from "node:buffer";
import { lstat, readlink } from "node:fs/promises";
import { posix } from "node:path";
import { InputError } from "../../../staging/errors.ts";
import { isReplacement, leaveOut, refuse, withoutPath } from "./error.ts";
import type { FilePlace } from "./file.ts";
import { isThere, type SourceFolder } from "./folder.ts";
import { MAX_LINKS, type Place } from "./folder-thread-program.ts";
import { SourceChangedError, shown } from "./source.ts";

/**
 * The target of a symbolic link. It checks that the link does not leave its tree, also not through other links. A dangling or cyclic
 * link is valid, because spawn stages the link and not its target.
 * @param at the place of the link
 * @param path of the link, relative to the root
 * @throws InputError that names a link which leaves the tree or is not valid UTF-8
 * @throws SourceChangedError if the link or its folder was replaced
 */
export async function readLink(
  { rootFolder }: { readonly rootFolder: SourceFolder },
  at: FilePlace,
  path: string,
): Promise<string> {
  const target = await at.folder.use(async (place) => {
    const text = await read(place, at.name, at.location);
    if (!isThere(place)) throw new SourceChangedError(at.location, "replaced");
    return text;
  });
  const leaves = await rootFolder.use((place) => leadsOutside(place, rootFolder, path, target));
  if (!leaves) return target;
  throw new InputError(`the link ${shown(at.location)} leaves the directory`, {
    why: target.startsWith("/")
      ? `Its target ${shown(target)} is an absolute path, which is another place on the instances.`
      : `Its target ${shown(target)} is outside, and would not be there on the instances.`,
    fix: (spell) =>
      `With ${spell("followLinks")}, what the link leads to is staged in its place. Or leave the link out with ${spell("exclude")}.`,
  });
}

async function leadsOutside(
  root: Place,
  rootFolder: SourceFolder,
  path: string,
  target: string,
): Promise<boolean> {
  const folders = folderOf(path);
  const ahead = target.split("/");
  let isOutside = target.startsWith("/");
  for (let links = 0; ahead.length > 0 && !isOutside; ) {
    const step = ahead.shift();
    if (step === undefined || step === "" || step === ".") continue;
    if (step === "..") {
      isOutside = folders.pop() === undefined;
      continue;
    }
    folders.push(step);
    const next = folders.join("/");
    if (!(await isLink(root, next, rootFolder.pathOf(next)))) continue;
    links += 1;
    if (links > MAX_LINKS) break;
    const further = await read(root, next, rootFolder.pathOf(next));
    isOutside = further.startsWith("/");
    folders.pop();
    ahead.unshift(...further.split("/"));
  }
  return isOutside;
}

function folderOf(path: string): string[] {
  const folder = posix.dirname(path);
  return folder === "." ? [] : folder.split("/");
}

async function isLink({ base }: Place, path: string, location: string): Promise<boolean> {
  try {
    return (await lstat(`${base}/${path}`)).isSymbolicLink();
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes(code)) return false;
    return refuse(location, withoutPath(error));
  }
}

async function read({ base }: Place, path: string, location: string): Promise<string> {
  const target = await readlink(`${base}/${path}`, { encoding: "buffer" }).catch((error: unknown) => {
    // EINVAL: it is no longer a link.
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EINVAL" || isReplacement(error)) throw new SourceChangedError(location, "replaced");
    return refuse(location, withoutPath(error));
  });
  if (isUtf8(target)) return target.toString();
  throw new InputError(`the target of the link ${shown(location)} is not valid UTF-8`, {
    why: "The manifest is UTF-8.",
    fix: leaveOut,
  });
}
