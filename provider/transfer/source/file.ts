import { constants, type Stats } from "node:fs";
import { type FileHandle, open, realpath, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { InputError, type UserError } from "../../../staging/errors.ts";
import { refuseControlCharacters } from "../../../staging/filename.ts";
import { MIB } from "../../../staging/units.ts";
import { failedAt, isGone, isReplacement, notRegular, refuse, sizeMismatch, withoutPath } from "./error.ts";
import { type FileIdentity, MOST_READINGS, type ReadFile, type ReadProblem } from "./file-thread-program.ts";
import type { FileThreads } from "./file-threads.ts";
import { isThere, type SourceFolder, SourceFolders } from "./folder.ts";
import type { Place } from "./folder-thread-program.ts";
import {
  type FileSource,
  type FindOptions,
  type LocalFile,
  type LocalReader,
  type ReadContent,
  type SectionHash,
  SourceChangedError,
  shown,
} from "./source.ts";

/**
 * Finds and measures a local file.
 * @param path if it is a link, it is resolved once; a later change of the link has no effect
 * @throws InputError if the file cannot be read, is not a regular file, or if its content does not match its size
 */
export async function findFile(
  path: string,
  { threads, exclude = [] }: Pick<FindOptions, "threads" | "exclude">,
): Promise<FileSource<LocalFile>> {
  if (exclude.length > 0) throw nothingToExclude(path);
  const filename = basename(path);
  refuseControlCharacters(filename);
  const named = await stat(path).catch((error: unknown) => refuse(path, error));
  if (!named.isFile()) throw notRegular(path);
  const real = await realpath(path).catch((error: unknown) => refuse(path, error));
  const at = {
    folder: new SourceFolders(threads).folder(dirname(real)),
    name: basename(real),
    location: path,
  };
  const reader = await openLocal(at);
  try {
    if (!isOne(reader.measured, named)) throw new SourceChangedError(path, "replaced");
    await reader.assertTrueSize();
    return { kind: "file", filename, file: localFile(at, filename, reader.measured) };
  } finally {
    await reader.close();
  }
}

/** The error for exclude patterns with a single file. */
export function nothingToExclude(name: string): InputError {
  return new InputError(`${shown(name)} is a single file: nothing can be excluded`, {
    why: "Patterns leave files out of a directory.",
    fix: "Leave the patterns out.",
  });
}

export interface Measured extends FileIdentity {
  readonly mode: number;
}

/** The place of a file. */
export interface FilePlace {
  readonly folder: SourceFolder;
  readonly name: string;
  /** The path for messages. */
  readonly location: string;
}

/** @param path of the file in its source */
export function localFile(at: FilePlace, path: string, measured: Measured): LocalFile {
  const { size, mode, mtimeMs, ctimeMs, ino, dev } = measured;
  const expected = { size, mode, mtimeMs, ctimeMs, ino, dev };
  return {
    type: "file",
    from: "local",
    path,
    size,
    mode: permissionsOf(mode),
    modifiedMs: mtimeMs,
    changedMs: ctimeMs,
    open: () => openLocal(at, expected),
    readWhole: (bytes) => readWhole(at, expected, bytes),
  };
}

async function readWhole(
  { folder, name, location }: FilePlace,
  expected: FileIdentity,
  bytes: Buffer,
): Promise<ReadFile> {
  const found = await folder.use((place) =>
    folder.folders.threads.readWholeFile(place, name, expected, bytes),
  );
  if (typeof found === "string" || "code" in found) throw problemError(location, found);
  return found;
}

function problemError(path: string, problem: ReadProblem): Error {
  if (problem === "changed") return new SourceChangedError(path);
  if (problem === "size mismatch") return sizeMismatch(path);
  if (problem !== "replaced" && isGone(problem)) return new SourceChangedError(path, "vanished");
  return failedAt(path, problem);
}

/** The permission bits of a mode for the manifest, such as `644`. */
export const permissionsOf = (mode: number): string => (mode & 0o777).toString(8).padStart(3, "0");

/** Bytes that a thread hashes for one message. */
const SECTION = 8 * MIB;

// Without O_NONBLOCK, a pipe that replaced the file would block the opening forever.
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

/** Node reads at most 2 GiB at once. Smaller reads end sooner after an abort. */
const MAX_READ_BYTES = 64 * MIB;

class FileReader implements LocalReader {
  readonly measured: Measured;
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #threads: FileThreads;

  constructor({ location, folder }: FilePlace, handle: FileHandle, measured: Measured) {
    this.#path = location;
    this.#threads = folder.folders.threads;
    this.#handle = handle;
    this.measured = measured;
  }

  async read(buffer: Buffer, offset: number): Promise<void> {
    let filled = 0;
    while (filled < buffer.length) {
      const length = Math.min(buffer.length - filled, MAX_READ_BYTES);
      const bytesRead = await this.#readAt(buffer, filled, length, offset + filled);
      if (bytesRead === 0) throw await this.#endedEarly();
      filled += bytesRead;
    }
  }

  hash(): SectionHash {
    const hash = this.#threads.hash(this.#handle.fd);
    return {
      add: async (offset, length) => {
        const found = await hash.add(offset, length);
        if (found === "changed") throw await this.#endedEarly();
        if (typeof found !== "number") throw problemError(this.#path, found);
        return found;
      },
      end: () => hash.end(),
    };
  }

  changed(): SourceChangedError {
    return new SourceChangedError(this.#path);
  }

  async assertUnchanged(read?: ReadContent): Promise<void> {
    const hasTrueSize = await this.#endsAt(this.measured.size);
    let { ctimeMs } = this.measured;
    for (let reading = 1; ; reading += 1) {
      const now = await this.#stat();
      if (!isSame(now, this.measured)) throw this.changed();
      if (!hasTrueSize) throw sizeMismatch(this.#path);
      if (now.ctimeMs === ctimeMs) return;
      // A process changed the attributes, or wrote to the file and restored its time.
      if (read === undefined || reading > MOST_READINGS) throw this.changed();
      ctimeMs = now.ctimeMs;
      if ((await this.#sha256(read.signal)) !== read.sha256) throw this.changed();
    }
  }

  async #sha256(signal: AbortSignal): Promise<string> {
    const hash = this.hash();
    try {
      for (let at = 0; at < this.measured.size; at += SECTION) {
        signal.throwIfAborted();
        await hash.add(at, Math.min(SECTION, this.measured.size - at));
      }
    } catch (error) {
      await hash.end();
      throw error;
    }
    return await hash.end();
  }

  /** Checks a file without blocks on the disk: it is empty, sparse, or generated on each read, as in /proc. */
  async assertTrueSize(): Promise<void> {
    const { size, blocks } = await this.#stat();
    if (blocks === 0 && !(await this.#endsAt(size))) throw sizeMismatch(this.#path);
  }

  async #endsAt(size: number): Promise<boolean> {
    const byte = Buffer.alloc(1);
    const has = async (at: number) => (await this.#readAt(byte, 0, 1, at)) > 0;
    return (size === 0 || (await has(size - 1))) && !(await has(size));
  }

  async #endedEarly(): Promise<UserError> {
    return isSame(await this.#stat(), this.measured) ? sizeMismatch(this.#path) : this.changed();
  }

  /** @returns the number of bytes read. A code such as ETIMEDOUT is that of the file system, and must not look like S3's */
  async #readAt(buffer: Buffer, start: number, length: number, position: number): Promise<number> {
    const reading = this.#handle.read(buffer, start, length, position);
    return (await reading.catch((error: unknown) => refuse(this.#path, withoutPath(error)))).bytesRead;
  }

  #stat(): Promise<Stats> {
    return this.#handle.stat().catch((error: unknown) => refuse(this.#path, withoutPath(error)));
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** @param expected the earlier measurement; without it, the file is measured now */
async function openLocal(at: FilePlace, expected?: Measured): Promise<FileReader> {
  return at.folder.use((place) => openIn(place, at, expected));
}

async function openIn(place: Place, at: FilePlace, expected: Measured | undefined): Promise<FileReader> {
  const { name, location } = at;
  const handle = await open(`${place.base}/${name}`, FLAGS).catch((error: unknown) => {
    if (isReplacement(error)) throw new SourceChangedError(location, "replaced");
    if (expected !== undefined && isGone(error)) throw new SourceChangedError(location, "vanished");
    return refuse(location, withoutPath(error));
  });
  try {
    const measured = await handle.stat();
    const isOther = expected !== undefined && !(measured.isFile() && isOne(measured, expected));
    if (isOther || !isThere(place, name, measured)) throw new SourceChangedError(location, "replaced");
    if (!measured.isFile()) throw notRegular(location);
    // A different ctime alone does not matter here, because the file is read and hashed after the opening.
    if (expected !== undefined && !isSame(measured, expected)) throw new SourceChangedError(location);
    return new FileReader(at, handle, measured);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Whether both are one file with equal size and mtime. Programs can restore these, so a different `ctimeMs` requires a comparison. */
function isSame(now: FileIdentity, before: FileIdentity): boolean {
  return now.size === before.size && now.mtimeMs === before.mtimeMs && isOne(now, before);
}

const isOne = (now: Pick<FileIdentity, "ino" | "dev">, before: Pick<FileIdentity, "ino" | "dev">): boolean =>
  now.ino === before.ino && now.dev === before.dev;
