import { dirname } from "node:path";
import { UserError } from "../../../staging/errors.ts";
import type { ManifestFolder, ManifestLink } from "../../../staging/manifest.ts";
import { printable } from "../../../staging/printable.ts";
import { shellPath } from "../../../staging/shell.ts";
import type { S3Clients } from "../../store/clients.ts";
import type { Billed } from "../../store/request-payer.ts";
import type { ObjectPlace } from "../verify/stored.ts";
import type { ReadFile } from "./file-thread-program.ts";

/** What is to be staged, found and measured, not yet read. */
export type Source = FileSource | DirectorySource;

/** A file, or an object on S3. */
export interface FileSource<File extends SourceFile = SourceFile> {
  readonly kind: "file";
  /** Name under which the data are stored. */
  readonly filename: string;
  readonly file: File;
}

/** A directory, or what is below a prefix on S3. */
export interface DirectorySource {
  readonly kind: "directory";
  readonly filename: string;
  /** The source as an error names it. */
  readonly name: string;
  readonly fileCount: number;
  readonly sizeBytes: number;
  /** What its user should know before it is uploaded. */
  readonly warnings: readonly string[];
  /**
   * Everything in it, sorted by path in byte order, found anew each time and never all in memory.
   * @throws InputError when something in it cannot be staged
   */
  entries(signal: AbortSignal): AsyncIterable<SourceEntry>;
}

/** How a source is found. */
export interface FindOptions extends Billed {
  /** Patterns of what a directory's upload leaves out, see `staging/exclude.ts`. */
  readonly exclude?: readonly string[];
  /** Takes what the links of a local directory lead to in their place. @default false */
  readonly followLinks?: boolean;
  /** The name under which the data are stored, for which keys must not get too long. @default the source's own */
  readonly name?: string;
  /** The entry that is made from the source. A walk through a prefix on S3 refuses to read what that entry holds. */
  readonly entryId?: string;
  /** Needed for sources on S3. */
  readonly clients: S3Clients;
  readonly signal: AbortSignal;
  /** Told of each entry of a directory, in order, when it is found. */
  readonly onEntry?: ((entry: SourceEntry) => void) | undefined;
}

export type SourceEntry = SourceFile | ManifestLink | ManifestFolder;

/** One file of a source. `from` says how its bytes are had: a local file is read and sent, an object is copied. */
export type SourceFile = LocalFile | S3File;

interface Measurable {
  readonly type: "file";
  /** Of a directory's file: relative to it, with `/`. A single file's own name. */
  readonly path: string;
  readonly size: number;
  /** Permission bits in octal, such as `644`. */
  readonly mode: string;
}

export interface LocalFile extends Measurable {
  readonly from: "local";
  /** Time of its last change, in milliseconds since 1970. */
  readonly modifiedMs: number;
  /** Time of the last change of its content or attributes, which programs cannot set, in milliseconds since 1970. */
  readonly changedMs: number;
  open(): Promise<LocalReader>;
  /**
   * Reads a small file at once, and hashes it.
   * @param bytes is filled; as long as the file, at the beginning of shared memory
   * @throws SourceChangedError when the file is not the one that was measured
   */
  readWhole(bytes: Buffer): Promise<ReadFile>;
}

export interface S3File extends Measurable {
  readonly from: "s3";
  open(): Promise<SourceReader>;
  readonly place: ObjectPlace;
  /** The version of the object that was found, by its ETag. Another one is refused. */
  readonly etag: string;
  /** The path below the source's prefix; absent for a single object. */
  readonly below?: string;
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

export interface LocalReader extends SourceReader {
  /** Starts to hash the file in a thread, section by section from its start. */
  hash(): SectionHash;
  /**
   * @param read what was read. A file with another time of its attributes alone is hashed again and compared with it
   * @throws SourceChangedError when the file's size, time, identity or content is not what it was
   */
  assertUnchanged(read?: ReadContent): Promise<void>;
  /** The error for what was read of the file twice and was not the same. */
  changed(): SourceChangedError;
}

export interface ReadContent {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly signal: AbortSignal;
}

export interface SectionHash {
  /**
   * The CRC32 of the next section; sections are hashed in the order of the calls.
   * @throws SourceChangedError when the file ends before
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

/** The source changed while it was read: what was read is neither the old content nor the new. */
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

/** A name in an error, on one line: in quotes with escapes where it holds control characters. */
export const shown = (name: string): string => (printable(name) === name ? name : `"${printable(name)}"`);
