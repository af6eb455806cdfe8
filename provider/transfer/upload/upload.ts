import { partSizeFor } from "../../../staging/part-size.ts";
import { FileBody, type FileBodyOptions } from "../../store/file-body.ts";
import type { Body, CompletedPart } from "../../store/object-store.ts";
import { storeOf } from "../../store/store-of.ts";
import type { BufferPool } from "../flow/buffers.ts";
import { type Turn, type Turns, turnsFor } from "../flow/limiters.ts";
import { forEachParallel } from "../flow/parallel.ts";
import { limitEach } from "../flow/semaphore.ts";
import { FileDigest } from "../hash/digest.ts";
import { type HashedPart, hashedParts } from "../hash/parts.ts";
import type { LocalFile, LocalReader } from "../source/source.ts";
import { objectMetadata } from "../verify/object-facts.ts";
import {
  completeMultipart,
  DATA_CONTENT_TYPE,
  goOnOrStart,
  sendAgain,
  sendPart,
  type UploadTarget,
} from "./multipart.ts";
import { arrivedAs } from "./resume.ts";

export { DATA_CONTENT_TYPE, type UploadTarget } from "./multipart.ts";

/**
 * Files in parts that are sent to a bucket at the same time: their parts use all connections, and of each file some are hashed ahead, which
 * should still be in the system's cache when they are sent.
 */
const filesInParts = limitEach(8);

export interface UploadOptions {
  readonly pool: BufferPool;
  readonly signal: AbortSignal;
  /** Sends small files in parts, too. */
  readonly multipart?: boolean;
  /**
   * Called with the bytes that were sent since the last call, and with those that an earlier attempt had sent. Negative for what
   * has to be sent again.
   */
  onBytes(bytes: number): void;
}

export interface Uploaded {
  /** What was computed while the file was read. */
  readonly digest: FileDigest;
  /** Bytes of each part but the last; 0: sent in one request. */
  readonly partSize: number;
}

/**
 * Hashes a file and sends it, part by part: the SHA-256 of the whole and the CRC32 of each part come from a first reading, the
 * bytes that are sent from a second one a moment later, out of the system's cache. S3 refuses bytes of another CRC32. So parts
 * of any size are sent in parallel, in little memory.
 *
 * After a failure or an abort the parts that arrived stay, and the next attempt sends only what is missing. It reads
 * the whole file all the same, for its SHA-256.
 * @throws SourceChangedError when the file changed meanwhile
 */
export async function uploadFile(
  file: LocalFile,
  target: UploadTarget,
  options: UploadOptions,
): Promise<Uploaded> {
  const partSize = partSizeFor(file.size, options.multipart);
  const send = async (reader: LocalReader): Promise<Uploaded> =>
    partSize === 0
      ? putWhole(reader, file.size, target, options)
      : putInParts(reader, file.size, partSize, target, options);
  const upload = async (): Promise<Uploaded> => {
    const reader = await file.open();
    try {
      return await send(reader);
    } finally {
      await reader.close();
    }
  };
  return partSize === 0
    ? turnsFor("object", target.bucket).run(file.size, upload, options.signal)
    : filesInParts(target.bucket).run(upload, options.signal);
}

async function putWhole(
  reader: LocalReader,
  size: number,
  target: UploadTarget,
  options: UploadOptions,
): Promise<Uploaded> {
  const { signal } = options;
  const digest = new FileDigest();
  let body: FileBody | undefined;
  for await (const part of hashedParts(reader, size, 0, digest)) {
    body = new FileBody(reader, part, bodyOptions(turnsFor("object", target.bucket), options));
  }
  signal.throwIfAborted();
  // An empty file has no part.
  await putBody(body ?? Buffer.alloc(0), digest, DATA_CONTENT_TYPE, target, signal);
  await reader.assertUnchanged({ sha256: digest.sha256, signal });
  body?.arrived();
  return { digest, partSize: 0 };
}

/** Sends bytes as one object; S3 checks their CRC32. */
export async function putBody(
  body: Body,
  digest: Pick<FileDigest, "sha256" | "fullCrc32">,
  contentType: string,
  { client, bucket, key, tags }: UploadTarget,
  signal: AbortSignal,
): Promise<void> {
  await sendAgain(signal, () =>
    storeOf(client).put(
      {
        ...{ bucket, key, body, tags, headers: { contentType } },
        checksum: { crc32: digest.fullCrc32 },
        metadata: objectMetadata({ partSize: 0, sha256: digest.sha256 }),
      },
      signal,
    ),
  );
}

async function putInParts(
  reader: LocalReader,
  size: number,
  usual: number,
  target: UploadTarget,
  options: UploadOptions,
): Promise<Uploaded> {
  const turns = turnsFor("part", target.bucket);
  const upload = await goOnOrStart(size, usual, target, options.signal);
  const { partSize } = upload;
  const digest = new FileDigest();
  const sent: CompletedPart[] = [];
  // Of a file that changes meanwhile the parts stay, too: the next attempt compares each of them.
  await forEachParallel(
    (signal) => inTurn(hashedParts(reader, size, partSize, digest), turns, signal),
    () => turns.worthStarting,
    options.signal,
    async ({ part, turn }, signal) => {
      try {
        const body = new FileBody(reader, part, bodyOptions(turns, options));
        sent[part.number - 1] =
          (await arrivedAs(part, body, upload.arrived, signal)) ??
          (await sendPart(part, body, upload.id, target, signal));
      } finally {
        turn.end();
      }
    },
  );
  await reader.assertUnchanged({ sha256: digest.sha256, signal: options.signal });
  await completeMultipart(target, upload, sent, size, digest, options.signal);
  return { digest, partSize };
}

/** The parts, each with its turn: only one is taken before there is one, so that few are hashed ahead of being sent. */
async function* inTurn(
  parts: AsyncGenerator<HashedPart, void, void>,
  turns: Turns,
  signal: AbortSignal,
): AsyncGenerator<{ readonly part: HashedPart; readonly turn: Turn }, void, void> {
  for await (const part of parts) yield { part, turn: await turns.take(part.length, signal) };
}

const bodyOptions = (turns: Turns, { pool, onBytes }: UploadOptions): FileBodyOptions => ({
  ...{ pool, onBytes },
  onSent: (bytes) => turns.sent(bytes),
});
