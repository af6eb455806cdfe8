import { isUtf8 } from "node:buffer";
import { constants } from "node:fs";
import { InputError } from "../../../staging/errors.ts";
import type { Measured } from "./file-thread-program.ts";
import type { FolderContent, SourceFolder } from "./folder.ts";
import { type Listing, type PackedNames, TO_FOLDER } from "./folder-thread-program.ts";
import { shown } from "./source.ts";

/** The names in a folder in byte order. Names of folders are sorted as if they ended in `/`. */
export class FolderNames {
  readonly #packed: PackedNames;
  readonly #folder: SourceFolder;
  readonly #measured: FolderContent["firstMeasured"];

  private constructor({ names, firstMeasured }: FolderContent, folder: SourceFolder) {
    this.#packed = names;
    this.#measured = firstMeasured;
    this.#folder = folder;
  }

  /**
   * @param listing whether links to folders count as folders, and which names to measure
   * @throws InputError if the folder cannot be read
   */
  static async read(folder: SourceFolder, listing: Listing): Promise<FolderNames> {
    return new FolderNames(await folder.list(listing), folder);
  }

  get length(): number {
    return this.#packed.order.length;
  }

  /**
   * @param position in the sorted order
   * @throws InputError for a name that is not UTF-8
   */
  at(position: number): FoundName {
    const { bytes, ends, kinds, order } = this.#packed;
    const index = order[position] ?? 0;
    const start = index === 0 ? 0 : ends[index - 1];
    const bytesOfName = bytes.subarray(start, ends[index]);
    if (!isUtf8(bytesOfName)) throw notUtf8(this.#folder.location, bytesOfName);
    const name = Buffer.from(bytes.buffer, bytesOfName.byteOffset, bytesOfName.length).toString();
    const kind = kinds[index] ?? 0;
    const format = (kind & ~TO_FOLDER) << 12;
    return { measured: this.#measured[position], name, format, isFolder: format === constants.S_IFDIR };
  }
}

interface FoundName {
  /** Undefined if the listing did not measure this name. */
  readonly measured: Measured | undefined;
  readonly name: string;
  /** The type bits of the mode. */
  readonly format: number;
  /** Whether it is a folder, not a link to one. */
  readonly isFolder: boolean;
}

function notUtf8(folder: string, name: Uint8Array): InputError {
  const escaped = [...name]
    .map((byte) =>
      byte >= 0x20 && byte < 0x7f && byte !== 0x5c
        ? String.fromCharCode(byte)
        : `\\x${byte.toString(16).padStart(2, "0")}`,
    )
    .join("");
  return new InputError(`the name "${escaped}" in ${shown(folder)} is not valid UTF-8`, {
    why: "S3's keys are UTF-8.",
    fix: "Rename it.",
  });
}
