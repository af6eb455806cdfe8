import { lstat, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../../../staging/errors.ts";
import { printable } from "../../../staging/printable.ts";

/** What is at a path, without following a link. */
export type Kind = "nothing" | "file" | "folder" | "link" | "other";

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
 * The folders below the root of a download. Each is a real folder before anything is written into it: a symbolic link would lead the
 * data to another place.
 */
export class Folders {
  readonly #root: string;
  /** By path relative to the root: whether the folder exists. */
  readonly #known = new Map<string, Promise<boolean>>();
  readonly #made = new Map<string, Promise<boolean>>();

  constructor(root: string) {
    this.#root = root;
  }

  /** The relative paths of all folders that were asked for. */
  get paths(): Iterable<string> {
    return this.#known.keys();
  }

  /**
   * Whether a folder exists, and all folders above it.
   * @param path relative to the root; empty for the root itself
   * @throws InputError when one of them is something else
   */
  exists(path: string): Promise<boolean> {
    let found = this.#known.get(path);
    if (found === undefined) {
      found = this.#look(path);
      this.#known.set(path, found);
    }
    return found;
  }

  async #look(path: string): Promise<boolean> {
    if (path !== "" && !(await this.exists(parentOf(path)))) return false;
    const full = join(this.#root, path);
    const kind = await kindOf(full);
    if (kind === "folder") return true;
    if (kind === "nothing") return false;
    // The root itself may be a link: the user gave it.
    if (kind === "link" && path === "") return true;
    throw new InputError(`${printable(full)} is ${kind === "link" ? "a symbolic link" : "not a directory"}`, {
      why:
        kind === "link"
          ? "The data below it would be written to another place."
          : "The entry has a directory with this name.",
      fix: "Move it away, or download to another path.",
    });
  }

  /** Makes a folder and those above it. @returns whether it was made now */
  make(path: string): Promise<boolean> {
    let made = this.#made.get(path);
    if (made === undefined) {
      made = this.#make(path);
      this.#made.set(path, made);
    }
    return made;
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
    // Looked at anew: it may have appeared since.
    this.#known.delete(path);
    await this.exists(path);
    return false;
  }
}

/** Of a relative path; empty for what is in the root. */
export const parentOf = (path: string): string => {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
};
