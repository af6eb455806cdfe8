import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { failedAt, isGone } from "./error.ts";
import type { Measured } from "./file-thread-program.ts";
import { type Listed, listFolder, openFolder } from "./file-threads.ts";
import {
  type Listing,
  MAX_LINKS,
  type OpenedFolder,
  type Owned,
  type PackedNames,
  type Place,
  TO_FOLDER,
  workOnFolders,
} from "./folder-thread-program.ts";
import { SourceChangedError } from "./source.ts";

/*
 * Whoever may write to a part of a source can put a link in the place of a folder at any moment. So a path is followed once, when the user
 * names it. From then on, each folder is opened in the one above it, never through a link, and has to be the folder that it was at first.
 */

/** Descriptors that are kept open for the next use. Those in use come on top: a few for each file that is being opened. */
const KEPT_OPEN = 64;

/** How folders are kept: by descriptors where the system has paths of descriptors, else by real paths that are compared again. */
export type Access = "descriptors" | "paths";

let available: Access | undefined;

/** What this machine can do. */
function accessHere(): Access {
  available ??= canUseDescriptors() ? "descriptors" : "paths";
  return available;
}

function canUseDescriptors(): boolean {
  if (process.platform !== "linux") return false;
  try {
    const fd = fs.openSync("/", fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
    try {
      const [own, there] = [fs.fstatSync(fd), fs.statSync(`/proc/self/fd/${fd}/.`)];
      return own.dev === there.dev && own.ino === there.ino;
    } finally {
      fs.closeSync(fd);
    }
  } catch {
    return false; // no /proc
  }
}

/** Whether a folder that was reached by its path is still there. */
export const { isThere } = workOnFolders(fs, { toFolder: TO_FOLDER, maxLinks: MAX_LINKS });

/** The open folders of one source. */
export class SourceFolders {
  readonly access: Access;
  /** Folders with descriptors, the one that was used last at the end. */
  readonly #open = new Set<SourceFolder>();
  readonly #byPath = new Map<string, SourceFolder>();
  readonly #root: SourceFolder;
  #active = 0;

  /** @param access for tests. @default what this machine can do */
  constructor(access: Access = accessHere()) {
    this.access = access;
    this.#root = new SourceFolder(this, undefined, "");
  }

  /** The folder of an absolute path without links. */
  folder(path: string): SourceFolder {
    if (path === "/") return this.#root;
    const known = this.#byPath.get(path);
    if (known !== undefined) return known;
    const above = dirname(path);
    const made = this.folder(above).child(path.slice(above === "/" ? 1 : above.length + 1));
    // Links may lead to any number of folders.
    if (this.#byPath.size >= 1000) this.#byPath.clear();
    this.#byPath.set(path, made);
    return made;
  }

  /** Keeps folders open as long as something works on them; afterwards none is. */
  begin(): void {
    this.#active += 1;
  }

  end(): void {
    this.#active -= 1;
    if (this.#active === 0) this.#closeDownTo(0);
  }

  used(folder: SourceFolder): void {
    this.#open.delete(folder);
    this.#open.add(folder);
    if (this.#open.size > KEPT_OPEN) this.#closeDownTo(KEPT_OPEN);
  }

  /** How many descriptors are open. */
  get openCount(): number {
    return this.#open.size;
  }

  #closeDownTo(count: number): void {
    for (const folder of this.#open) {
      if (this.#open.size <= count) return;
      if (folder.closeIfFree()) this.#open.delete(folder);
    }
  }
}

export interface FolderContent {
  readonly names: PackedNames;
  /** Facts of the first names, where they are known already. */
  readonly firstMeasured: readonly (Measured | undefined)[];
}

/** A folder of a source, or one above it. */
export class SourceFolder {
  readonly folders: SourceFolders;
  readonly parent: SourceFolder | undefined;
  readonly #name: string;
  #known: OpenedFolder | undefined;
  #fd: number | undefined;
  #users = 0;
  #opening: Promise<void> | undefined;
  /** What {@link list} waits for, and gets. */
  #listing: Listing | undefined;
  #listed: { readonly listing: Listing; readonly answer: Listed } | undefined;

  /** @param name empty for `/` */
  constructor(folders: SourceFolders, parent: SourceFolder | undefined, name: string) {
    this.folders = folders;
    this.parent = parent;
    this.#name = name;
  }

  child(name: string): SourceFolder {
    return new SourceFolder(this.folders, this, name);
  }

  /** Its path when it was found. */
  get location(): string {
    const names: string[] = [];
    for (let folder: SourceFolder = this; folder.parent !== undefined; folder = folder.parent) {
      names.push(folder.#name);
    }
    return `/${names.reverse().join("/")}`;
  }

  pathOf(name: string): string {
    return join(this.location, name);
  }

  /**
   * What it was at its first opening.
   * @throws UserError when it cannot be opened, or was replaced
   */
  async facts(): Promise<OpenedFolder> {
    if (this.#known === undefined) await this.use(async () => undefined);
    if (this.#known === undefined) throw new Error(`${this.location} was not opened`);
    return this.#known;
  }

  /** Owner and mode of it and the folders that it is in, the topmost below `/` first. */
  async chain(): Promise<Owned[]> {
    const chain: Owned[] = [];
    for (let folder: SourceFolder = this; folder.parent !== undefined; folder = folder.parent) {
      const { uid, mode } = await folder.facts();
      chain.push({ uid, mode });
    }
    return chain.reverse();
  }

  /**
   * Does something in the folder.
   * @throws UserError when it cannot be opened, or was replaced since its first opening
   */
  async use<T>(work: (place: Place) => Promise<T>): Promise<T> {
    this.folders.begin();
    try {
      await this.#hold();
      try {
        return await work(this.#place());
      } finally {
        this.#users -= 1;
      }
    } finally {
      this.folders.end();
    }
  }

  /**
   * The names in it.
   * @throws UserError when it cannot be read, or was replaced since its first opening
   */
  async list(listing: Listing): Promise<FolderContent> {
    this.#listing = listing;
    // Where it has to be opened first, that is one task.
    const answer = await this.use((place) => this.#takeListed(listing) ?? listFolder(place, listing));
    const { names, firstMeasured = [], problem } = answer;
    if (problem !== undefined) throw failedAt(this.location, problem);
    if (names === undefined) throw new Error(`${this.location} was not listed`);
    return { names, firstMeasured };
  }

  #takeListed(listing: Listing): Promise<Listed> | undefined {
    const listed = this.#listed;
    this.#listed = undefined;
    this.#listing = undefined;
    return listed?.listing === listing ? Promise.resolve(listed.answer) : undefined;
  }

  closeIfFree(): boolean {
    if (this.#users > 0 || this.#fd === undefined) return this.#fd === undefined;
    const fd = this.#fd;
    this.#fd = undefined;
    // It was only opened as a place: nothing is written back, so this does not block.
    fs.closeSync(fd);
    return true;
  }

  get #isReady(): boolean {
    return this.folders.access === "descriptors" ? this.#fd !== undefined : this.#known !== undefined;
  }

  #place(): Place {
    if (this.folders.access === "descriptors") return { base: `/proc/self/fd/${this.#fd}` };
    const path = this.location;
    const { identity = "" } = this.#known ?? {};
    return { base: path === "/" ? "" : path, verify: { path, identity } };
  }

  /** Opens it, after those above it that are not open, so that it has one user more. */
  async #hold(): Promise<void> {
    const closed: SourceFolder[] = [];
    let above: SourceFolder | undefined = this;
    while (above !== undefined && !above.#isReady) {
      closed.push(above);
      above = above.parent;
    }
    if (above !== undefined) above.#take();
    for (const next of closed.reverse()) {
      try {
        await next.#open(above);
      } finally {
        if (above !== undefined) above.#users -= 1;
      }
      above = next;
    }
  }

  #take(): void {
    this.#users += 1;
    if (this.#fd !== undefined) this.folders.used(this);
  }

  /** @param above the folder that it is in, which is held meanwhile */
  async #open(above: SourceFolder | undefined): Promise<void> {
    while (!this.#isReady) {
      this.#opening ??= this.#openIn(above).finally(() => {
        this.#opening = undefined;
      });
      await this.#opening;
    }
    this.#take();
  }

  async #openIn(above: SourceFolder | undefined): Promise<void> {
    const listing = this.#listing;
    const { opened, ...answer } = await openFolder({
      folder: this.#name,
      place: above === undefined ? undefined : above.#place(),
      identity: this.#known?.identity,
      hold: this.folders.access === "descriptors",
      listing,
    });
    if (opened === undefined) {
      const { problem = "replaced" } = answer;
      if (this.#known !== undefined && problem !== "replaced" && isGone(problem)) {
        throw new SourceChangedError(this.location, "vanished");
      }
      throw failedAt(this.location, problem);
    }
    this.#known ??= opened;
    if (listing !== undefined) this.#listed = { listing, answer };
    this.#fd = opened.fd;
  }
}
