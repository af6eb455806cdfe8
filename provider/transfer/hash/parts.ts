import { type Part, partsOf } from "../flow/parts.ts";
import type { LocalFile, LocalReader } from "../source/source.ts";
import { FileDigest } from "./digest.ts";

/** Parts hashed before they are asked for: the next one is ready when a connection is. */
const AHEAD = 2;

export interface HashedPart extends Part {
  readonly crc: number;
}

/**
 * The parts of a file in order, each with its CRC32, hashed in a thread a little ahead of whoever sends them. No bytes are kept:
 * sending reads them once more, from the system's cache, so that memory grows neither with the parts' size nor with how
 * many are on their way. The digest is complete after the last part.
 * @throws SourceChangedError when the file ends before `size`
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
    const asked: Promise<HashedPart>[] = [];
    const ask = (): void => {
      const part = parts.next().value;
      if (part === undefined) return;
      const hashed = hash.add(part.offset, part.length).then((crc) => ({ ...part, crc }));
      hashed.catch(() => undefined); // thrown when its turn comes
      asked.push(hashed);
    };
    for (let ahead = 0; ahead <= AHEAD; ahead += 1) ask();
    for (let next = asked.shift(); next !== undefined; next = asked.shift()) {
      const part = await next;
      digest.addHashed(part.crc, part.length);
      ask();
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
