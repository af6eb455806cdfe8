import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { failedAt, isGone } from "./error.ts";
import type { Measured } from "./file-thread-program.ts";
import type { FileThreads, Listed } from "./file-threads.ts";
import {
  type Listing,
  MAX_LINKS,
  type OpenedFolder,
  type Owned,
  type PackedNames,
  type Place,
  serveFolders,
  TO_FOLDER,
} from "./folder-thread-program.ts";
import { SourceChangedError } from "./source.ts";

/*
 * A user with write access to a part of a source can replace a folder with a link at any moment. So the program resolves a path once, when
 * the user names it. From then on, it opens each folder inside its parent without following links, and checks that it is the same folder.
 */

/** Idle descriptors to keep open for the next use. Descriptors in use do not count: a few for each file that is being opened. */
const KEPT_OPEN = 64;

/** The way to keep folders: by descriptors if the system has paths of descriptors, else by real paths that are compared at each use. */
export type Access = "descriptors" | "paths";

function canUseDescriptors(): boolean {
  if (process.platform !== "linux") return false;
  try {
    const fd = fs.openSync("/", fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
    try {
      const [byDescriptor, byPath] = [fs.fstatSync(fd), fs.statSync(`/proc/self/fd/${fd}/.`)];
      return byDescriptor.dev === byPath.dev && byDescriptor.ino === byPath.ino;
    } finally {
      fs.closeSync(fd);
    }
  } catch {
    return false; // no /proc
  }
}

/** Whether a folder is still at the path by which it was opened. */
export const { isThere } = serveFolders(fs, { toFolder: TO_FOLDER, maxLinks: MAX_LINKS });

/** The open folders of one source. */
export class SourceFolders {
  readonly threads: FileThreads;
  readonly access: Access;
  /** Folders with open descriptors, in the order of their last use. */
  readonly #open = new Set<SourceFolder>();
  readonly #byPath = new Map<string, SourceFolder>();
  readonly #root: SourceFolder;
  #active = 0;

  /** @param access for tests. @default the best that this machine supports */
  constructor(threads: FileThreads, access: Access = canUseDescriptors() ? "descriptors" : "paths") {
    this.threads = threads;
    this.access = access;
    this.#root = new SourceFolder(this, undefined, "");
  }

  /** The folder of an absolute path without links. */
  folder(path: string): SourceFolder {
    if (path === "/") return this.#root;
    const known = this.#byPath.get(path);
    if (known !== undefined) return known;
    const above = dirname(path);
    const folder = this.folder(above).child(path.slice(above === "/" ? 1 : above.length + 1));
    // Links can lead to any number of folders, so the cache is bounded.
    if (this.#byPath.size >= 1000) this.#byPath.clear();
    this.#byPath.set(path, folder);
    return folder;
  }

  /** Keeps folders open until the matching {@link end}. The last `end` closes all of them. */
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

  /** The number of open descriptors. */
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
  /** The measurements of the first names, if the listing made them. */
  readonly firstMeasured: readonly (Measured | undefined)[];
}

/** A folder of a source, or one of its ancestors. */
export class SourceFolder {
  readonly folders: SourceFolders;
  readonly parent: SourceFolder | undefined;
  readonly #name: string;
  #known: OpenedFolder | undefined;
  #fd: number | undefined;
  #users = 0;
  #opening: Promise<void> | undefined;
  /** The request of {@link list}, and the result that the opening of the folder returned for it. */
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

  /** The path at which it was found. */
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
   * The facts from its first opening.
   * @throws UserError if it cannot be opened, or was replaced
   */
  async facts(): Promise<OpenedFolder> {
    if (this.#known === undefined) await this.use(async () => undefined);
    if (this.#known === undefined) throw new Error(`${this.location} was not opened`);
    return this.#known;
  }

  /** Owner and mode of its ancestors and itself, the topmost below `/` first. */
  async chain(): Promise<Owned[]> {
    const chain: Owned[] = [];
    for (let folder: SourceFolder = this; folder.parent !== undefined; folder = folder.parent) {
      const { uid, mode } = await folder.facts();
      chain.push({ uid, mode });
    }
    return chain.reverse();
  }

  /**
   * Runs `work` while the folder is open.
   * @throws UserError if it cannot be opened, or was replaced since its first opening
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
   * The names in the folder.
   * @throws UserError if it cannot be read, or was replaced since its first opening
   */
  async list(listing: Listing): Promise<FolderContent> {
    this.#listing = listing;
    // A closed folder is opened and listed by one message to the thread.
    const listed = await this.use(
      (place) => this.#takeListed(listing) ?? this.folders.threads.listFolder(place, listing),
    );
    const { names, firstMeasured = [], problem } = listed;
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
    // A descriptor with O_PATH has no data to write back, so this does not block.
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

  /** Opens the closed ancestors and then the folder, and adds a user to the folder. */
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

  /** @param above its parent, which the caller holds open */
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
    const { opened, ...answer } = await this.folders.threads.openFolder({
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
