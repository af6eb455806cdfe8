import { type Part, partsOf } from "../../flow/parts.ts";
import type { LocalFile, LocalReader } from "../source/source.ts";
import { FileDigest } from "./digest.ts";

/** Parts to hash ahead, so that a free connection finds the next part ready. */
const AHEAD = 2;

export interface HashedPart extends Part {
  readonly crc: number;
}

/**
 * The parts of a file in order, each with its CRC32. A thread hashes them slightly ahead of the upload and keeps no bytes: the upload
 * reads them again from the page cache. So memory grows neither with the part size nor with the parts in flight. The digest is complete
 * after the last part.
 * @throws SourceChangedError if the file ends before `size`
 */
export async function* hashedParts(
  reader: LocalReader,
  size: number,
  partSize: number,
  digest: FileDigest,
): AsyncGenerator<HashedPart, void, void> {
  const hash = reader.hash();
  let sha256: string;
  try {
    const parts = partsOf(size, partSize);
    const requested: Promise<HashedPart>[] = [];
    const requestNext = (): void => {
      const part = parts.next().value;
      if (part === undefined) return;
      const hashed = hash.add(part.offset, part.length).then((crc) => ({ ...part, crc }));
      hashed.catch(() => undefined); // the loop below throws it
      requested.push(hashed);
    };
    for (let ahead = 0; ahead <= AHEAD; ahead += 1) requestNext();
    for (let next = requested.shift(); next !== undefined; next = requested.shift()) {
      const part = await next;
      digest.addHashed(part.crc, part.length);
      requestNext();
      yield part;
    }
  } finally {
    sha256 = await hash.end();
  }
  digest.finishHashed(sha256);
}

/** Hashes a file as an upload in parts of `partSize` bytes would, without sending it. */
export async function digestLocalFile(
  file: LocalFile,
  partSize: number,
  signal: AbortSignal,
): Promise<FileDigest> {
  const digest = new FileDigest();
  const reader = await file.open();
  try {
    for await (const _ of hashedParts(reader, file.size, partSize, digest)) signal.throwIfAborted();
    await reader.assertUnchanged({ sha256: digest.sha256, signal });
  } finally {
    await reader.close();
  }
  return digest;
}
