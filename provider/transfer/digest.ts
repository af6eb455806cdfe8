import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { combineCrc32, encodeCrc32 } from "./crc32.ts";

/** The checksums of a file, computed in one pass over it: SHA-256 of the whole, CRC32 of each part. */
export class FileDigest {
  readonly #hash = createHash("sha256");
  readonly #parts: { readonly crc: number; readonly length: number }[] = [];
  #sha256: string | undefined;

  /** Takes the next part, in order. Returns its CRC32. */
  add(bytes: Uint8Array): number {
    this.#hash.update(bytes);
    const crc = crc32(bytes);
    this.#parts.push({ crc, length: bytes.length });
    return crc;
  }

  /** Of the whole file, lower-case hex. No part can be added afterwards. */
  get sha256(): string {
    this.#sha256 ??= this.#hash.digest("hex");
    return this.#sha256;
  }

  /** The CRC32 of the whole object, as S3 writes a checksum of type FULL_OBJECT. */
  get fullCrc32(): string {
    return encodeCrc32(this.#parts.reduce((whole, part) => combineCrc32(whole, part.crc, part.length), 0));
  }

  /**
   * The CRC32 of the parts' CRC32s and their number, as S3 writes a checksum of type COMPOSITE.
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
   */
  get compositeCrc32(): string {
    const crcs = Buffer.allocUnsafe(4 * this.#parts.length);
    this.#parts.forEach((part, index) => {
      crcs.writeUInt32BE(part.crc, 4 * index);
    });
    return `${encodeCrc32(crc32(crcs))}-${this.#parts.length}`;
  }
}
