import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import { InputError, messageOf, type UserError } from "../../staging/errors.ts";
import { refuseControlCharacters } from "../../staging/filename.ts";
import { shellPath } from "../../staging/shell.ts";
import { MIB } from "../../staging/units.ts";
import type { FileIdentity, ReadFile, ReadProblem, SystemError } from "./file-thread-program.ts";
import { FileHash, readWholeFile } from "./file-threads.ts";
import {
  type FileSource,
  type LocalFile,
  type LocalReader,
  type SectionHash,
  SourceChangedError,
  shown,
} from "./source.ts";

/** @throws InputError when the file cannot be read, or is no regular file */
export async function findFile(
  path: string,
  { exclude = [] }: { readonly exclude?: readonly string[] } = {},
): Promise<FileSource<LocalFile>> {
  if (exclude.length > 0) throw nothingToExclude(path);
  const filename = basename(path);
  refuseControlCharacters(filename);
  const reader = await openLocal(path);
  try {
    await reader.assertTrueSize();
    return { kind: "file", filename, file: localFile(path, filename, reader.measured) };
  } finally {
    await reader.close();
  }
}

/** @throws InputError when the file cannot be read, or holds more or less than its size says */
export async function probeFile(path: string): Promise<void> {
  const reader = await openLocal(path);
  try {
    await reader.assertTrueSize();
  } finally {
    await reader.close();
  }
}

/** The error for patterns that were given with a single file. */
export function nothingToExclude(name: string): InputError {
  return new InputError(`${shown(name)} is a single file: nothing can be excluded`, {
    why: "Patterns leave files out of a directory.",
    fix: "Leave the patterns out.",
  });
}

export interface Measured extends FileIdentity {
  readonly mode: number;
}

/** @param path of the file in its source */
export function localFile(location: string, path: string, measured: Measured): LocalFile {
  const { size, mode, mtimeMs, ino, dev } = measured;
  const expected = { size, mode, mtimeMs, ino, dev };
  return {
    type: "file",
    from: "local",
    path,
    size,
    mode: permissionsOf(mode),
    modifiedMs: mtimeMs,
    open: () => openLocal(location, expected),
    readWhole: (bytes) => readWhole(location, expected, bytes),
  };
}

async function readWhole(path: string, expected: FileIdentity, bytes: Buffer): Promise<ReadFile> {
  const found = await readWholeFile(path, expected, bytes);
  if (typeof found === "string" || "code" in found) throw problemError(path, found);
  return found;
}

function problemError(path: string, problem: ReadProblem): Error {
  if (problem === "changed") return new SourceChangedError(path);
  if (problem === "irregular") return notRegular(path);
  if (problem === "missized") return missized(path);
  if (isGone(problem)) return new SourceChangedError(path, "vanished");
  return refusal(path, systemError(problem));
}

/** The error that a thread has met. */
export const systemError = ({ code, message }: SystemError): Error =>
  Object.assign(new Error(message), { code });

/** `644`: what of a mode the manifest keeps. */
export const permissionsOf = (mode: number): string => (mode & 0o777).toString(8).padStart(3, "0");

/** Node reads at most 2 GiB at once; smaller reads let an abort through sooner. */
const MAX_READ_BYTES = 64 * MIB;

class FileReader implements LocalReader {
  readonly measured: Measured;
  readonly #path: string;
  readonly #handle: FileHandle;

  constructor(path: string, handle: FileHandle, measured: Measured) {
    this.#path = path;
    this.#handle = handle;
    this.measured = measured;
  }

  async read(buffer: Buffer, offset: number): Promise<void> {
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await this.#handle.read(
        buffer,
        filled,
        Math.min(buffer.length - filled, MAX_READ_BYTES),
        offset + filled,
      );
      if (bytesRead === 0) throw await this.#endedEarly();
      filled += bytesRead;
    }
  }

  hash(): SectionHash {
    const hash = new FileHash(this.#handle.fd);
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

  async assertUnchanged(): Promise<void> {
    const isRight = await this.#endsAt(this.measured.size);
    if (!isSame(await this.#handle.stat(), this.measured)) throw this.changed();
    if (!isRight) throw missized(this.#path);
  }

  /** Looks at a file that takes no room on a disk: it is empty, sparse, or made while it is read, as those in /proc. */
  async assertTrueSize(): Promise<void> {
    const { size, blocks } = await this.#handle.stat();
    if (blocks > 0) return;
    const isRight = await this.#endsAt(size).catch((error: unknown) => refuse(this.#path, error));
    if (!isRight) throw missized(this.#path);
  }

  async #endsAt(size: number): Promise<boolean> {
    const byte = Buffer.alloc(1);
    const has = async (at: number) => (await this.#handle.read(byte, 0, 1, at)).bytesRead > 0;
    return (size === 0 || (await has(size - 1))) && !(await has(size));
  }

  async #endedEarly(): Promise<UserError> {
    return isSame(await this.#handle.stat(), this.measured) ? missized(this.#path) : this.changed();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** @param expected what was measured before; without it, the file is measured now */
async function openLocal(path: string, expected?: Measured): Promise<FileReader> {
  // Without O_NONBLOCK, a pipe put in the file's place would block the opening for ever.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    if (expected !== undefined && isGone(error)) throw new SourceChangedError(path, "vanished");
    return refuse(path, error);
  });
  try {
    const measured = await handle.stat();
    if (!measured.isFile()) throw notRegular(path);
    if (expected !== undefined && !isSame(measured, expected)) throw new SourceChangedError(path);
    return new FileReader(path, handle, measured);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function isSame(now: FileIdentity, before: FileIdentity): boolean {
  return (
    now.size === before.size &&
    now.mtimeMs === before.mtimeMs &&
    now.ino === before.ino &&
    now.dev === before.dev
  );
}

const codeOf = (error: unknown): string | undefined => (error as { readonly code?: string }).code;

const isGone = (error: unknown): boolean => codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR";

/** Throws a system's error about a source, told to the user. */
export function refuse(path: string, error: unknown): never {
  throw refusal(path, error);
}

function refusal(path: string, error: unknown): InputError {
  const code = codeOf(error);
  if (isGone(error)) return new InputError(`no such file: ${shown(path)}`);
  if (code === "EACCES" || code === "EPERM") {
    return new InputError(`${shown(path)} cannot be read`, {
      why: "You lack the permission.",
      fix: `chmod u+r ${shellPath(path)}`,
    });
  }
  if (code === "ENXIO") return notRegular(path);
  return new InputError(`${shown(path)} cannot be read`, { why: messageOf(error) });
}

/** The error for a file with content longer or shorter than its size: the upload could not know when it is complete. */
export function missized(path: string): InputError {
  const file = shellPath(path);
  return new InputError(`${shown(path)} does not hold as many bytes as its size says`, {
    why: "The system makes its content while it is read, as in /proc and /sys, or its file system does not know its size.",
    fix: `Stage a copy of its content: cat ${file} > copy`,
  });
}

function notRegular(path: string): InputError {
  return new InputError(`${shown(path)} is not a regular file`, {
    why: "A pipe, device or socket has no size and cannot be read twice.",
    fix: "Write its content to a file, then stage that.",
  });
}
