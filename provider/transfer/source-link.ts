import { isUtf8 } from "node:buffer";
import { lstat, readlink } from "node:fs/promises";
import { join, posix } from "node:path";
import { InputError } from "../../staging/errors.ts";
import { shown } from "./source.ts";
import { refuse } from "./source-file.ts";

/** As many links as Linux follows before it takes them for a loop. */
const MAX_LINKS = 40;

/**
 * What a symbolic link says, once it is sure that it leads nowhere outside of its tree, through other links neither. It
 * may lead to nothing, or in a circle: the link is staged, not what it leads to.
 * @param path of the link, relative to the root
 * @throws InputError that names the link
 */
export async function readLink(root: string, path: string): Promise<string> {
  const target = await read(root, path);
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
    if (!(await isLink(join(root, next)))) continue;
    links += 1;
    if (links > MAX_LINKS) break;
    const further = await read(root, next);
    isOutside = further.startsWith("/");
    folders.pop();
    ahead.unshift(...further.split("/"));
  }
  if (!isOutside) return target;
  throw new InputError(`the link ${shown(join(root, path))} leaves the directory`, {
    why: target.startsWith("/")
      ? `Its target ${shown(target)} is an absolute path, which is another place on the instances.`
      : `Its target ${shown(target)} is outside, and would not be there on the instances.`,
    fix: "With --follow-links, what the link leads to is staged in its place. Or leave the link out with --exclude.",
  });
}

function folderOf(path: string): string[] {
  const folder = posix.dirname(path);
  return folder === "." ? [] : folder.split("/");
}

async function isLink(location: string): Promise<boolean> {
  try {
    return (await lstat(location)).isSymbolicLink();
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes(code)) return false;
    return refuse(location, error);
  }
}

async function read(root: string, path: string): Promise<string> {
  const location = join(root, path);
  const target = await readlink(location, { encoding: "buffer" }).catch((error: unknown) =>
    refuse(location, error),
  );
  if (isUtf8(target)) return target.toString();
  throw new InputError(`the target of the link ${shown(location)} is not valid UTF-8`, {
    why: "The manifest is UTF-8.",
    fix: "Leave it out with --exclude.",
  });
}
