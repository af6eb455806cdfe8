import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { combineCrc32, encodeCrc32 } from "./crc32.ts";
import type { HashThread, ThreadHash } from "./thread.ts";

/** The checksums of a file, computed in one pass over it: SHA-256 of the whole, CRC32 of each part. */
export class FileDigest {
  readonly #hash = createHash("sha256");
  #background: ThreadHash | undefined;
  readonly #parts: { readonly crc: number; readonly length: number }[] = [];
  #sha256: string | undefined;

  /**
   * Adds the next part, in order.
   * @param isNewPart if false, the bytes continue the previous part
   * @returns the CRC32 of the part
   */
  add(bytes: Uint8Array, isNewPart = true): number {
    if (this.#background !== undefined) throw new Error("the parts before are hashed in the background");
    this.#hash.update(bytes);
    return this.#addCrc(bytes, isNewPart);
  }

  /**
   * Adds the next part, in order, and hashes it in a thread. Call {@link finish} after the last part, or {@link abandon}.
   * @param bytes in shared memory; they must not change until `hashed` settles
   * @param isNewPart if false, the bytes continue the previous part
   */
  addInBackground(
    bytes: Uint8Array,
    hashing: HashThread,
    isNewPart = true,
  ): { readonly crc: number; readonly hashed: Promise<void> } {
    if (this.#background === undefined && this.#parts.length > 0) {
      throw new Error("the parts before were hashed at once");
    }
    this.#background ??= hashing.start();
    const hashed = this.#background.update(bytes);
    return { crc: this.#addCrc(bytes, isNewPart), hashed };
  }

  /** Adds the CRC32 of the next part, in order, if another thread computes it. Call {@link finishHashed} after the last part. */
  addHashed(crc: number, length: number): void {
    this.#parts.push({ crc, length });
  }

  /** @param sha256 of the whole file, lower-case hex */
  finishHashed(sha256: string): void {
    this.#sha256 = sha256;
  }

  #addCrc(bytes: Uint8Array, isNewPart: boolean): number {
    const previous = isNewPart ? undefined : this.#parts.pop();
    const crc = crc32(bytes, previous?.crc);
    this.#parts.push({ crc, length: (previous?.length ?? 0) + bytes.length });
    return crc;
  }

  /** Waits for the hash in the background. @throws Error if the thread failed */
  async finish(): Promise<void> {
    const background = this.#background;
    if (background !== undefined) this.#sha256 ??= await background.end();
  }

  /** Aborts the hash. Resolves when the thread no longer reads the parts. Does nothing after {@link finish}. */
  async abandon(): Promise<void> {
    if (this.#sha256 === undefined) await this.#background?.forget();
  }

  /** The SHA-256 of the whole file, lower-case hex. No part can be added afterwards. */
  get sha256(): string {
    if (this.#sha256 === undefined) {
      if (this.#background !== undefined) throw new Error("the digest is not finished");
      this.#sha256 = this.#hash.digest("hex");
    }
    return this.#sha256;
  }

  /** The CRC32 of the whole object, in S3's form of a FULL_OBJECT checksum. */
  get fullCrc32(): string {
    return encodeCrc32(this.#parts.reduce((whole, part) => combineCrc32(whole, part.crc, part.length), 0));
  }

  /**
   * The CRC32 of the parts' CRC32s with the number of parts, in S3's form of a COMPOSITE checksum.
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
