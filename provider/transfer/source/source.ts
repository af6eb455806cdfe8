import { dirname } from "node:path";
import { UserError } from "../../../staging/errors.ts";
import type { ManifestFolder, ManifestLink } from "../../../staging/manifest.ts";
import { printable } from "../../../staging/printable.ts";
import { shellPath } from "../../../staging/shell.ts";
import type { Billed } from "../../store/object-store.ts";
import type { S3Clients } from "../../store/s3-clients.ts";
import type { ObjectPlace } from "../../store/stored-object.ts";
import type { ReadFile } from "./file-thread-program.ts";
import type { FileThreads } from "./file-threads.ts";

/** A source that was found and measured, but not yet read. */
export type Source = FileSource | DirectorySource;

/** A local file, or an object on S3. */
export interface FileSource<File extends SourceFile = SourceFile> {
  readonly kind: "file";
  /** The name under which the data are stored. */
  readonly filename: string;
  readonly file: File;
}

/** A directory, or the objects below a prefix on S3. */
export interface DirectorySource {
  readonly kind: "directory";
  readonly filename: string;
  /** The name of the source in errors. */
  readonly name: string;
  readonly fileCount: number;
  readonly sizeBytes: number;
  /** Warnings for the user before the upload. */
  readonly warnings: readonly string[];
  /**
   * All entries, sorted by path in byte order. Each call walks the source again; memory does not grow with the entries.
   * @throws InputError if an entry cannot be staged
   */
  entries(signal: AbortSignal): AsyncIterable<SourceEntry>;
}

/** The options of the search for a source. */
export interface FindOptions extends Billed {
  /** Patterns that exclude files of a directory, see `staging/exclude.ts`. */
  readonly exclude?: readonly string[];
  /** Whether to stage the targets of a local directory's links in place of the links. @default false */
  readonly followLinks?: boolean | undefined;
  /** The name under which the data are stored. It must not make keys too long. @default the source's own */
  readonly name?: string;
  /** The entry that will contain the source. A walk through a prefix on S3 refuses to read objects of this entry. */
  readonly entryId?: string;
  /** The threads that read local files. */
  readonly threads: FileThreads;
  /** The clients for sources on S3. */
  readonly clients: S3Clients;
  readonly signal: AbortSignal;
  /** Called with each entry of a directory, in order, when the walk finds it. */
  readonly onEntry?: ((entry: SourceEntry) => void) | undefined;
}

export type SourceEntry = SourceFile | ManifestLink | ManifestFolder;

/** One file of a source. By `from`, spawn reads and sends a local file, or copies an object. */
export type SourceFile = LocalFile | S3File;

interface Measurable {
  readonly type: "file";
  /** The path relative to the directory, with `/`; the name of a single file. */
  readonly path: string;
  readonly size: number;
  /** Permission bits in octal, such as `644`. */
  readonly mode: string;
}

export interface LocalFile extends Measurable {
  readonly from: "local";
  /** The modification time (mtime), in milliseconds since 1970. */
  readonly modifiedMs: number;
  /** The time of the last change of content or attributes (ctime), which programs cannot set, in milliseconds since 1970. */
  readonly changedMs: number;
  open(): Promise<LocalReader>;
  /**
   * Reads a small file at once, and hashes it.
   * @param bytes receives the content; as long as the file, at the beginning of shared memory
   * @throws SourceChangedError if the file is not the one that was measured
   */
  readWhole(bytes: Buffer): Promise<ReadFile>;
}

export interface S3File extends Measurable {
  readonly from: "s3";
  open(): Promise<SourceReader>;
  readonly place: ObjectPlace;
  /** The ETag of the version that was found. spawn refuses another version. */
  readonly etag: string;
  /** The path below the source's prefix; absent for a single object. */
  readonly below?: string;
}

export interface SourceReader {
  /**
   * Fills `buffer` with the bytes from `offset`.
   * @throws SourceChangedError if the file ends earlier
   */
  read(buffer: Buffer, offset: number): Promise<void>;
  /** @throws SourceChangedError if the file's size, time or identity differs from the measurement. */
  assertUnchanged(): Promise<void>;
  close(): Promise<void>;
}

export interface LocalReader extends SourceReader {
  /** Starts to hash the file in a thread, section by section from its start. */
  hash(): SectionHash;
  /**
   * @param read the content that was read. If only the ctime differs, the file is hashed again and compared with this content
   * @throws SourceChangedError if the file's size, time, identity or content differs
   */
  assertUnchanged(read?: ReadContent): Promise<void>;
  /** The error for two reads of the file with different bytes. */
  changed(): SourceChangedError;
}

export interface ReadContent {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly signal: AbortSignal;
}

export interface SectionHash {
  /**
   * The CRC32 of the next section. Sections are hashed in the order of the calls.
   * @throws SourceChangedError if the file ends earlier
   */
  add(offset: number, length: number): Promise<number>;
  /** The SHA-256 of all sections, lower-case hex. Call it in any case, before the reader is closed. */
  end(): Promise<string>;
}

const CHANGES = {
  changed: "changed while it was being uploaded",
  vanished: "vanished while it was being uploaded",
  replaced: "was replaced while it was read",
};

/** The source changed during the read, so the bytes are neither the old content nor the new one. */
export class SourceChangedError extends UserError {
  readonly what: keyof typeof CHANGES;

  constructor(path: string, what: keyof typeof CHANGES = "changed") {
    super(
      `${shown(path)} ${CHANGES[what]}`,
      what === "replaced"
        ? {
            why: "Another file, folder or link has its name now. spawn does not follow a link that appears during a command.",
            fix: `Check who can write to the folder that contains it: ls -ld ${shellPath(dirname(path))}. Then run the command again.`,
          }
        : {
            why: "What was sent is neither the old content nor the new one.",
            fix: "Wait until nothing writes to the file, then run the command again.",
          },
    );
    this.what = what;
  }
}

/** A name for an error, on one line: quoted and escaped if it contains control characters. */
export const shown = (name: string): string => (printable(name) === name ? name : `"${printable(name)}"`);
