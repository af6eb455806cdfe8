import { errorName, statusOf } from "../../../connection/errors/failure.ts";
import { isDenied, isNotFound, isStall } from "../../../connection/errors/kinds.ts";
import type { UserError } from "../../../staging/errors.ts";
import { MIB } from "../../../staging/units.ts";
import { forEachParallel } from "../../flow/parallel.ts";
import { partsOf } from "../../flow/parts.ts";
import { OBJECT_RETRIES, withRetry } from "../../store/retry.ts";
import type { ObjectPlace } from "../../store/stored-object.ts";
import { downloadForbidden } from "./forbidden.ts";
import { SourceChangedError, type SourceReader } from "./source.ts";

/** One connection is slower than the machine, so several requests fill a buffer concurrently. */
const RANGE_BYTES = 4 * MIB;
const RANGES_IN_FLIGHT = 8;

/** A body of the wrong length. The reader retries the range. */
export class TruncatedError extends Error {}

/** Reads one version of an object: the version with the given ETag. */
export class S3Reader implements SourceReader {
  readonly #place: ObjectPlace;
  readonly #etag: string;
  readonly #closed = new AbortController();

  constructor(place: ObjectPlace, etag: string) {
    this.#place = place;
    this.#etag = etag;
  }

  async read(buffer: Buffer, offset: number): Promise<void> {
    const limit = this.#place.store.bandwidth;
    const rangeBytes = limit?.readSize(RANGE_BYTES) ?? RANGE_BYTES;
    await forEachParallel(
      () => partsOf(buffer.length, rangeBytes),
      RANGES_IN_FLIGHT,
      this.#closed.signal,
      async (range, signal) => {
        const into = buffer.subarray(range.offset, range.offset + range.length);
        let hasResponse = false;
        const attempt = async (): Promise<void> => {
          hasResponse = false;
          // Wait for bandwidth before the request: a connection that waits would look stalled.
          await limit?.take(into.length, signal);
          const body = await this.#get(into.length, offset + range.offset, signal);
          hasResponse = true;
          await fill(into, body);
        };
        await withRetry(attempt, {
          signal,
          ...OBJECT_RETRIES,
          // Without a response, the client has already retried until the time limit.
          retryable: (error) =>
            error instanceof TruncatedError || isBroken(error) || (hasResponse && isStall(error)),
        });
      },
    );
  }

  /** Nothing to check: every request names the version. */
  async assertUnchanged(): Promise<void> {}

  async close(): Promise<void> {
    this.#closed.abort(new Error("the reader was closed"));
  }

  async #get(length: number, offset: number, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const { store, bucket, key, requestPayer } = this.#place;
    const ifMatch = this.#etag === "" ? undefined : this.#etag;
    const input = { bucket, key, requestPayer, ifMatch, range: { offset, length } };
    return store.get(input, signal).catch((error: unknown) => {
      throw problemOf(error, this.#place) ?? error;
    });
  }
}

async function fill(buffer: Buffer, body: AsyncIterable<Uint8Array>): Promise<void> {
  let filled = 0;
  for await (const chunk of body) {
    if (filled + chunk.length > buffer.length) throw new TruncatedError("more bytes than were asked for");
    buffer.set(chunk, filled);
    filled += chunk.length;
  }
  if (filled < buffer.length) throw new TruncatedError(`${filled} of ${buffer.length} bytes`);
}

/** The error for a source that is no longer readable, or no longer the version that was found; undefined for other failures. */
export function problemOf(error: unknown, place: Omit<ObjectPlace, "store">): UserError | undefined {
  const url = `s3://${place.bucket}/${place.key}`;
  return isDenied(error) ? downloadForbidden(url, 1, place) : changeOf(error, url);
}

/** The error for an object that is no longer the version that was found; undefined for any other failure. */
export function changeOf(error: unknown, url: string): SourceChangedError | undefined {
  if (statusOf(error) === 412) return new SourceChangedError(url);
  // NoSuchUpload is about the multipart upload of a copy, not about its source: another process has ended the upload.
  const isOfSource = isNotFound(error) && errorName(error) !== "NoSuchUpload";
  return isOfSource ? new SourceChangedError(url, "vanished") : undefined;
}

/** The connection broke while the body was in flight. The SDK does not retry that. */
function isBroken(error: unknown): boolean {
  const { code = "" } = error as NodeJS.ErrnoException;
  return ["ECONNRESET", "EPIPE", "ETIMEDOUT", "ERR_STREAM_PREMATURE_CLOSE"].includes(code);
}
