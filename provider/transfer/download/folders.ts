import { lstat, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../../../staging/errors.ts";
import { oncePer } from "../../../staging/once.ts";
import { printable } from "../../../staging/printable.ts";

/** The kind of file at a path, without following a link. */
type Kind = "nothing" | "file" | "folder" | "link" | "other";

export async function kindOf(path: string): Promise<Kind> {
  try {
    const found = await lstat(path);
    if (found.isSymbolicLink()) return "link";
    if (found.isDirectory()) return "folder";
    return found.isFile() ? "file" : "other";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "nothing";
    throw error;
  }
}

/**
 * The folders below the root of a download. Before a write, each must be a real folder: a symbolic link would redirect the data to
 * another place.
 */
export class Folders {
  readonly #root: string;
  /** Whether each folder exists, by path relative to the root. */
  readonly #known = new Map<string, Promise<boolean>>();
  /** Creates a folder and its ancestors, once. @returns whether the call created the folder */
  readonly make = oncePer((path: string): Promise<boolean> => this.#make(path));

  constructor(root: string) {
    this.#root = root;
  }

  /** The relative paths of all checked folders. */
  get paths(): Iterable<string> {
    return this.#known.keys();
  }

  /**
   * Whether a folder and all its ancestors exist.
   * @param path relative to the root; empty for the root itself
   * @throws InputError if one of them exists and is not a folder
   */
  exists(path: string): Promise<boolean> {
    let found = this.#known.get(path);
    if (found === undefined) {
      found = this.#check(path);
      this.#known.set(path, found);
    }
    return found;
  }

  async #check(path: string): Promise<boolean> {
    if (path !== "" && !(await this.exists(parentOf(path)))) return false;
    const full = join(this.#root, path);
    const kind = await kindOf(full);
    if (kind === "folder") return true;
    if (kind === "nothing") return false;
    // The root may be a link, because the user chose it.
    if (kind === "link" && path === "") return true;
    throw new InputError(`${printable(full)} is ${kind === "link" ? "a symbolic link" : "not a directory"}`, {
      why:
        kind === "link"
          ? "The data below it would be written to another place."
          : "The entry has a directory with this name.",
      fix: "Move it away, or download to another path.",
    });
  }

  async #make(path: string): Promise<boolean> {
    if (path === "") return (await mkdir(this.#root, { recursive: true })) !== undefined;
    await this.make(parentOf(path));
    try {
      await mkdir(join(this.#root, path));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    // Check again: the folder may have appeared since the last check.
    this.#known.delete(path);
    await this.exists(path);
    return false;
  }
}

/** The parent of a relative path; empty for an entry of the root. */
export const parentOf = (path: string): string => {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
};
