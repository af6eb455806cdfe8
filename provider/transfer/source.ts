import { constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { basename } from "node:path";
import { InputError, messageOf, UserError } from "../../staging/errors.ts";
import type { SourceKind } from "../../staging/resources.ts";
import { MIB } from "../../staging/units.ts";

/** What is to be staged: its files, found and measured, not yet read. */
export interface Source {
  readonly kind: SourceKind;
  /** Name under which the data are stored. */
  readonly filename: string;
  readonly files: readonly SourceFile[];
}

/** One file of a source. `from` says how its bytes are had; a local file is read and sent. */
export interface SourceFile {
  readonly from: "local";
  /** Relative to the entry's folder, with `/`. */
  readonly path: string;
  readonly size: number;
  /** Permission bits in octal, such as `644`. */
  readonly mode: string;
  open(): Promise<SourceReader>;
}

export interface SourceReader {
  /**
   * Fills `buffer` with the bytes from `offset`.
   * @throws SourceChangedError when the file ends before
   */
  read(buffer: Buffer, offset: number): Promise<void>;
  /** @throws SourceChangedError when the file's size, time or identity is not what it was when it was measured. */
  assertUnchanged(): Promise<void>;
  close(): Promise<void>;
}

/** The source changed while it was read: what was read is neither the old content nor the new. */
export class SourceChangedError extends UserError {
  constructor(path: string) {
    super(`${path} changed while it was being uploaded`, {
      why: "What was sent is neither the old content nor the new one.",
      fix: "Wait until nothing writes to the file, then run the command again.",
    });
  }
}

/**
 * Finds and measures a source.
 * @param location an absolute path
 * @throws InputError when it does not exist, cannot be read, or is no regular file
 */
export async function findSource(location: string): Promise<Source> {
  if (location.startsWith("s3://")) {
    throw new InputError(`${location}: s3:// sources are not supported by this version`, {
      fix: "Download the object, then stage the file.",
    });
  }
  const filename = basename(location);
  refuseControlCharacters(filename);
  const found = await stat(location).catch((error: unknown) => refuse(location, error));
  if (found.isDirectory()) {
    throw new InputError(`${location} is a directory: directories are not supported by this version`, {
      fix: `Stage an archive of it: tar -czf ${filename}.tar.gz ${filename}`,
    });
  }
  if (!found.isFile()) {
    throw new InputError(`${location} is not a regular file`, {
      why: "A pipe, device or socket has no size and cannot be read twice.",
      fix: "Write its content to a file, then stage that.",
    });
  }
  const reader = await openLocal(location);
  try {
    const { size, mode } = reader.measured;
    return {
      kind: "file",
      filename,
      files: [
        {
          from: "local",
          path: filename,
          size,
          mode: (mode & 0o777).toString(8).padStart(3, "0"),
          open: () => openLocal(location, reader.measured),
        },
      ],
    };
  } finally {
    await reader.close();
  }
}

/** Node reads at most 2 GiB at once; smaller reads let an abort through sooner. */
const MAX_READ_BYTES = 64 * MIB;

interface Measured {
  readonly size: number;
  readonly mode: number;
  readonly mtimeMs: number;
  readonly ino: number;
  readonly dev: number;
}

class LocalReader implements SourceReader {
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
      if (bytesRead === 0) throw new SourceChangedError(this.#path);
      filled += bytesRead;
    }
  }

  async assertUnchanged(): Promise<void> {
    if (!isSame(await this.#handle.stat(), this.measured)) throw new SourceChangedError(this.#path);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** @param expected what was measured before; without it, the file is measured now */
async function openLocal(path: string, expected?: Measured): Promise<LocalReader> {
  // Without O_NONBLOCK, a pipe put in the file's place would block the opening for ever.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) =>
    refuse(path, error),
  );
  try {
    const measured = await handle.stat();
    if (expected !== undefined && !isSame(measured, expected)) throw new SourceChangedError(path);
    return new LocalReader(path, handle, measured);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function isSame(now: Measured, before: Measured): boolean {
  return (
    now.size === before.size &&
    now.mtimeMs === before.mtimeMs &&
    now.ino === before.ino &&
    now.dev === before.dev
  );
}

function refuse(location: string, error: unknown): never {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT" || code === "ENOTDIR") throw new InputError(`no such file: ${location}`);
  if (code === "EACCES" || code === "EPERM") {
    throw new InputError(`${location} cannot be read`, {
      why: "You lack the permission.",
      fix: `chmod u+r '${location.replaceAll("'", "'\\''")}'`,
    });
  }
  if (code === "ENXIO") throw new InputError(`${location} is not a regular file`);
  throw new InputError(`${location} cannot be read`, { why: messageOf(error) });
}

function refuseControlCharacters(filename: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\u0000-\u001f\u007f]/.test(filename)) {
    throw new InputError(`the file name ${JSON.stringify(filename)} contains a control character`, {
      why: "S3 lists its keys as XML, which cannot hold it.",
      fix: "Rename the file.",
    });
  }
}
