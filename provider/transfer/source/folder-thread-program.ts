/* The part of the threads' program for folders, with its requests and responses. */

/**
 * The way in which a thread reaches the content of a folder. On Linux, `base` is the path of an open descriptor, so a change of the tree
 * cannot redirect it to another folder. Elsewhere it is the real path, and the thread compares `verify` after each opening.
 */
export interface Place {
  /** `base/name` is the path of an entry of the folder. */
  readonly base: string;
  readonly verify?: { readonly path: string; readonly identity: string };
}

/** A system error, in the form that passes between threads. */
export interface SystemError {
  readonly code: string;
  readonly message: string;
}

/** The name no longer leads to the entry that the listing showed. */
export type Replaced = "replaced";

export interface FolderRequest {
  /** The name of a folder. The thread does not follow a link. */
  readonly folder: string;
  /** Its parent; absent for `/`. */
  readonly place: Place | undefined;
  /** Device and inode from an earlier opening. */
  readonly identity: string | undefined;
  /** Whether to keep a descriptor open, which the caller closes. */
  readonly hold: boolean;
  /** Also lists the names, if given. */
  readonly listing?: Listing | undefined;
}

export interface Listing {
  /** Whether to sort links to folders as folders. */
  readonly followLinks: boolean;
  /** The number of first names to measure with the listing, except folders and links to follow. @default 0 */
  readonly measure?: number | undefined;
  /** Whether to open each measured file to check that it is readable. */
  readonly open?: boolean | undefined;
}

export interface ListRequest extends Listing {
  readonly list: Place;
}

export interface ResolveRequest {
  /** The names of links. */
  readonly resolve: readonly string[];
  /** The folder of the links. */
  readonly place: Place;
  /** The folder's real path. */
  readonly location: string;
  /** Its ancestors and the folder itself, the topmost below `/` first. */
  readonly folders: readonly Owned[];
  /** Whether to use a descriptor for each step from one folder to the next. */
  readonly hold: boolean;
}

/** Owner and mode of a file or folder on a path. */
export interface Owned {
  readonly uid: number;
  readonly mode: number;
}

export interface OpenedFolder extends Owned {
  /** Device and inode. */
  readonly identity: string;
  readonly fd: number | undefined;
}

/** The names in a folder, packed: a million names take less than 40 MB. */
export interface PackedNames {
  /** All names, concatenated in the order of the system's listing. */
  readonly bytes: Uint8Array;
  /** The end of each name in `bytes`. */
  readonly ends: Uint32Array;
  /** Bits 12 to 15 of each mode, and {@link TO_FOLDER}. */
  readonly kinds: Uint8Array;
  /** The indexes, sorted by name in byte order. Folders are sorted as if their names ended in `/`. */
  readonly order: Uint32Array;
}

/** The flag that the kind of a link to a folder has. */
export const TO_FOLDER = 0x10;

/** The final target of a link. */
export interface ResolvedLink extends Owned {
  /** A path without links. */
  readonly location: string;
  readonly identity: string;
  /** The owner of each link on the way, including the first link. */
  readonly linkOwners: readonly number[];
  /** The folders on the way from `/` to the target. */
  readonly folders: readonly Owned[];
}

export type Resolved = ResolvedLink | { readonly problem: SystemError };

/** The limit of links on one path, as in Linux, which reports a loop after them. */
export const MAX_LINKS = 40;

export interface ListAnswer {
  readonly names?: PackedNames | undefined;
  readonly problem?: SystemError | Replaced | undefined;
}

export interface OpenAnswer extends ListAnswer {
  readonly opened?: OpenedFolder | undefined;
}

/**
 * The part of the thread's program for folders. It uses only its parameters. Its functions are methods, because the bundler wraps
 * other named functions with a helper that the thread does not have.
 */
export function serveFolders(
  fs: typeof import("node:fs"),
  { toFolder, maxLinks }: { readonly toFolder: number; readonly maxLinks: number },
) {
  type Stats = import("node:fs").BigIntStats;
  type Inode = { readonly dev: number | bigint; readonly ino: number | bigint };
  type Names = Pick<PackedNames, "bytes" | "ends" | "kinds">;
  // O_PATH needs no read permission, and opening has no side effect. Node has no constant for it.
  const O_PATH = 0o10000000;
  const { O_DIRECTORY, O_NOFOLLOW } = fs.constants;
  const slash = 0x2f;
  const rounds = 8;
  const folderKind = fs.constants.S_IFDIR >> 12;
  const replacedCodes = ["ENOTDIR", "ELOOP", "EMLINK"];
  const work = {
    /** Removes the path from the system's message: the path may be that of a descriptor. */
    problemOf(error: unknown): SystemError {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      return { code, message: message.split(",")[0] ?? message };
    },

    /** Whether the opening failed because the file or folder is now a link or another type. */
    isReplacement(error: unknown): boolean {
      return replacedCodes.includes((error as NodeJS.ErrnoException).code ?? "");
    },

    identityOf({ dev, ino }: Pick<Stats, "dev" | "ino">): string {
      return `${dev}:${ino}`;
    },

    pathIn({ base }: Place, name: string): string {
      return `${base}/${name}`;
    },

    /**
     * Whether the folder is still at the path by which it was reached, and contains the opened entry. Always true with descriptors. A
     * link could replace the folder during one of these calls. All rounds must agree, so an attacker would have to swap the link many
     * times, each time between the right two calls.
     */
    isThere({ verify }: Place, name?: string, opened?: Inode): boolean {
      if (verify === undefined) return true;
      try {
        for (let round = 0; round < rounds; round++) {
          if (fs.realpathSync.native(verify.path) !== verify.path) return false;
          if (work.identityOf(fs.lstatSync(verify.path, { bigint: true })) !== verify.identity) return false;
          if (name === undefined || opened === undefined) continue;
          const found = fs.lstatSync(`${verify.path}/${name}`);
          if (found.dev !== Number(opened.dev) || found.ino !== Number(opened.ino)) return false;
        }
        return true;
      } catch {
        return false; // the folder no longer exists
      }
    },

    open({ folder, place, identity: expected, hold, listing }: FolderRequest): OpenAnswer {
      const path = place === undefined ? "/" : work.pathIn(place, folder);
      let fd: number | undefined;
      try {
        if (hold) fd = fs.openSync(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
        const stat =
          fd === undefined ? fs.lstatSync(path, { bigint: true }) : fs.fstatSync(fd, { bigint: true });
        const identity = work.identityOf(stat);
        const isSame = stat.isDirectory() && (expected === undefined || identity === expected);
        if (isSame && (place === undefined || work.isThere(place, folder, stat))) {
          const opened = { fd, identity, uid: Number(stat.uid), mode: Number(stat.mode) };
          if (listing === undefined) return { opened };
          const base = fd === undefined ? path : `/proc/self/fd/${fd}`;
          const own: Place = fd === undefined ? { base, verify: { path, identity } } : { base };
          return { opened, ...work.list({ list: own, ...listing }) };
        }
      } catch (error) {
        if (!work.isReplacement(error)) return { problem: work.problemOf(error) };
      }
      if (fd !== undefined) fs.closeSync(fd);
      return { problem: "replaced" as const };
    },

    list(request: ListRequest): ListAnswer {
      const answer = work.listAs("latin1", request);
      // If the file system does not report types, Node calls lstat on each name. In Latin-1 that fails for names beyond ASCII.
      return typeof answer.problem === "object" && answer.problem.code === "ENOENT"
        ? work.listAs("buffer", request)
        : answer;
    },

    /** @param encoding of names: Latin-1 keeps all bytes, and is cheaper than a buffer per name */
    listAs(encoding: "latin1" | "buffer", { list: place, followLinks }: ListRequest): ListAnswer {
      const kinds = fs.constants;
      let [bytes, ends, kindOf] = [Buffer.allocUnsafeSlow(4096), new Uint32Array(64), new Uint8Array(64)];
      let [count, used] = [0, 0];
      try {
        // With a slash at its end, the path is the descriptor's folder, not the link in /proc.
        const dir = fs.opendirSync(`${place.base}/`, {
          encoding: encoding as "latin1",
          bufferSize: 64,
        });
        try {
          for (let item = dir.readSync(); item !== null; item = dir.readSync()) {
            const name: string | Buffer = item.name;
            if (used + name.length > bytes.length) {
              const more = Buffer.allocUnsafeSlow((used + name.length) * 2);
              bytes.copy(more, 0, 0, used);
              bytes = more;
            }
            if (count === ends.length) {
              const [moreEnds, moreKinds] = [new Uint32Array(count * 2), new Uint8Array(count * 2)];
              moreEnds.set(ends);
              moreKinds.set(kindOf);
              [ends, kindOf] = [moreEnds, moreKinds];
            }
            if (typeof name === "string") bytes.write(name, used, "latin1");
            else bytes.set(name, used);
            used += name.length;
            let format = 0;
            if (item.isFile()) format = kinds.S_IFREG;
            else if (item.isDirectory()) format = kinds.S_IFDIR;
            else if (item.isSymbolicLink()) format = kinds.S_IFLNK;
            else if (item.isFIFO()) format = kinds.S_IFIFO;
            else if (item.isSocket()) format = kinds.S_IFSOCK;
            else if (item.isBlockDevice()) format = kinds.S_IFBLK;
            else if (item.isCharacterDevice()) format = kinds.S_IFCHR;
            let kind = format >> 12;
            if (
              followLinks &&
              format === kinds.S_IFLNK &&
              work.leadsToFolder(place, bytes.subarray(used - name.length, used))
            )
              kind += toFolder;
            ends[count] = used;
            kindOf[count++] = kind;
          }
        } finally {
          dir.closeSync();
        }
      } catch (error) {
        return { problem: work.problemOf(error) };
      }
      if (!work.isThere(place)) return { problem: "replaced" as const };
      const listed = {
        bytes: new Uint8Array(bytes.buffer.slice(0, used)),
        ends: ends.slice(0, count),
        kinds: kindOf.slice(0, count),
      };
      return { names: { ...listed, order: work.sorted(listed) } };
    },

    leadsToFolder(place: Place, name: Buffer): boolean {
      try {
        return fs.statSync(Buffer.concat([Buffer.from(`${place.base}/`), name])).isDirectory();
      } catch {
        return false; // `resolve` reports the error
      }
    },

    startOf(ends: Uint32Array, index: number): number {
      return index === 0 ? 0 : (ends[index - 1] ?? 0);
    },

    /** The byte at `offset` of a name. After the end, it is the slash of a folder, or less than any byte. */
    byteAt({ bytes, ends, kinds }: Names, index: number, offset: number): number {
      const start = work.startOf(ends, index);
      if (start + offset < (ends[index] ?? 0)) return bytes[start + offset] ?? 0;
      const kind = kinds[index] ?? 0;
      return kind === folderKind || kind >= toFolder ? slash : -1;
    },

    compare(names: Names, a: number, b: number): number {
      const { bytes, ends } = names;
      const [startA, startB] = [work.startOf(ends, a), work.startOf(ends, b)];
      const shorter = Math.min((ends[a] ?? 0) - startA, (ends[b] ?? 0) - startB);
      for (let i = 0; i < shorter; i++) {
        const difference = (bytes[startA + i] ?? 0) - (bytes[startB + i] ?? 0);
        if (difference !== 0) return difference;
      }
      return work.byteAt(names, a, shorter) - work.byteAt(names, b, shorter);
    },

    /** Sorts the indexes by merge sort, without an object per name. */
    sorted(names: Names): Uint32Array {
      const count = names.ends.length;
      let [from, to] = [new Uint32Array(count), new Uint32Array(count)];
      for (let index = 0; index < count; index++) from[index] = index;
      for (let width = 1; width < count; width *= 2) {
        for (let start = 0; start < count; start += 2 * width) {
          const middle = Math.min(start + width, count);
          const end = Math.min(start + 2 * width, count);
          let [left, right] = [start, middle];
          for (let index = start; index < end; index++) {
            const isLeft =
              right >= end || (left < middle && work.compare(names, from[left] ?? 0, from[right] ?? 0) <= 0);
            to[index] = from[isLeft ? left++ : right++] ?? 0;
          }
        }
        [from, to] = [to, from];
      }
      return from;
    },

    /** Enters a folder. @returns whether it is the expected one */
    enter(
      at: { base: string; fd: number; readonly hold: boolean },
      step: string,
      location: string,
      expected?: string,
    ): boolean {
      if (!at.hold) {
        at.base = location;
        return true;
      }
      const opened = fs.openSync(
        step === "/" ? step : `${at.base}/${step}`,
        O_PATH | O_DIRECTORY | O_NOFOLLOW,
      );
      if (at.fd >= 0) fs.closeSync(at.fd);
      at.base = `/proc/self/fd/${opened}`;
      at.fd = opened;
      return expected === undefined || work.identityOf(fs.fstatSync(opened, { bigint: true })) === expected;
    },

    /**
     * Follows a link step by step, and collects the owners of all links and folders on the way. It opens each folder before the next
     * step, so no step passes an unseen link.
     */
    resolve({ place, location, folders: above, hold }: ResolveRequest, name: string): Resolved | Replaced {
      const linkOwners: number[] = [];
      const folders = [...above];
      const steps = location.split("/").filter((step) => step !== "");
      const ahead = [name];
      const at = { base: place.base, fd: -1, hold };
      try {
        for (let step = ahead.shift(); step !== undefined; step = ahead.shift()) {
          if (step === "" || step === ".") continue;
          if (step === "..") {
            steps.pop();
            folders.pop();
            work.enter(at, "..", work.locationOf(steps));
            continue;
          }
          const path = `${at.base}/${step}`;
          const found = fs.lstatSync(path, { bigint: true });
          const owned = { uid: Number(found.uid), mode: Number(found.mode) };
          const identity = work.identityOf(found);
          if (found.isSymbolicLink()) {
            linkOwners.push(owned.uid);
            if (linkOwners.length > maxLinks)
              return { problem: { code: "ELOOP", message: "too many links" } };
            const target = fs.readlinkSync(path);
            const recheck = fs.lstatSync(path, { bigint: true });
            if (work.identityOf(recheck) !== identity || recheck.ctimeNs !== found.ctimeNs) return "replaced";
            if (target.startsWith("/")) {
              steps.length = 0;
              folders.length = 0;
              work.enter(at, "/", "");
            }
            ahead.unshift(...target.split("/"));
            continue;
          }
          steps.push(step);
          if (found.isDirectory()) {
            folders.push(owned);
            if (!work.enter(at, step, work.locationOf(steps), identity)) return "replaced";
            continue;
          }
          if (ahead.some((next) => next !== "")) {
            return { problem: { code: "ENOTDIR", message: "a step of the link is no folder" } };
          }
          if (!work.isThere(place)) return "replaced";
          return { location: work.locationOf(steps) || "/", identity, ...owned, linkOwners, folders };
        }
        const found = fs.lstatSync(`${at.base}/.`, { bigint: true });
        if (!work.isThere(place)) return "replaced";
        folders.pop();
        return {
          location: work.locationOf(steps) || "/",
          identity: work.identityOf(found),
          uid: Number(found.uid),
          mode: Number(found.mode),
          ...{ linkOwners, folders },
        };
      } catch (error) {
        return work.isReplacement(error) && (error as NodeJS.ErrnoException).syscall === "open"
          ? "replaced"
          : { problem: work.problemOf(error) };
      } finally {
        if (at.fd >= 0) fs.closeSync(at.fd);
      }
    },

    /** The path of the steps; empty for `/`. */
    locationOf(steps: readonly string[]): string {
      return steps.map((step) => `/${step}`).join("");
    },
  };
  return work;
}
