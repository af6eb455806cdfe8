import { GetObjectCommand } from "@aws-sdk/client-s3";
import { errorName, statusOf } from "../../../connection/errors/failure.ts";
import { isDenied, isNotFound, isStall } from "../../../connection/errors/kinds.ts";
import type { UserError } from "../../../staging/errors.ts";
import { MIB } from "../../../staging/units.ts";
import { paidFor } from "../../store/request-payer.ts";
import { withRetry } from "../../store/retry.ts";
import { storeOf } from "../../store/store-of.ts";
import { forEachParallel } from "../flow/parallel.ts";
import { partsOf } from "../flow/parts.ts";
import type { ObjectPlace } from "../verify/stored.ts";
import { downloadForbidden } from "./forbidden.ts";
import { SourceChangedError, type SourceReader } from "./source.ts";

/** One connection gives less than a machine can take: a buffer is filled by several requests at once. */
const RANGE_BYTES = 4 * MIB;
const RANGES_IN_FLIGHT = 8;
const ATTEMPTS = 4;
const RETRY_DELAY_MS = 500;

/** A body that ended before its time; the range is asked for again. */
export class TruncatedError extends Error {}

/** Reads one version of an object, the one with the given ETag. */
export class S3Reader implements SourceReader {
  readonly #place: ObjectPlace;
  readonly #etag: string;
  readonly #closed = new AbortController();

  constructor(place: ObjectPlace, etag: string) {
    this.#place = place;
    this.#etag = etag;
  }

  async read(buffer: Buffer, offset: number): Promise<void> {
    const limit = storeOf(this.#place.client).bandwidth;
    const rangeBytes = limit?.readSize(RANGE_BYTES) ?? RANGE_BYTES;
    await forEachParallel(
      () => partsOf(buffer.length, rangeBytes),
      RANGES_IN_FLIGHT,
      this.#closed.signal,
      async (range, signal) => {
        const into = buffer.subarray(range.offset, range.offset + range.length);
        let isAnswered = false;
        const attempt = async (): Promise<void> => {
          isAnswered = false;
          // Before it is asked for: what waits is no connection, which could stall.
          await limit?.take(into.length, signal);
          const body = await this.#ask(into.length, offset + range.offset, signal);
          isAnswered = true;
          await fill(into, body);
        };
        await withRetry(attempt, {
          signal,
          attempts: ATTEMPTS,
          firstDelayMs: RETRY_DELAY_MS,
          // A request that nobody answers was sent again by the client already, for as long as it may last.
          retryable: (error) =>
            error instanceof TruncatedError || isBroken(error) || (isAnswered && isStall(error)),
        });
      },
    );
  }

  /** Every request names the version, so that what was read is of that one. */
  async assertUnchanged(): Promise<void> {}

  async close(): Promise<void> {
    this.#closed.abort(new Error("the reader was closed"));
  }

  async #ask(length: number, offset: number, signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
    const { client, bucket, key } = this.#place;
    const command = new GetObjectCommand({
      Bucket: bucket,
      Key: key,
      Range: `bytes=${offset}-${offset + length - 1}`,
      ...(this.#etag === "" ? {} : { IfMatch: this.#etag }),
      ...paidFor(this.#place),
    });
    const { Body } = await client.send(command, { abortSignal: signal }).catch((error: unknown) => {
      throw problemOf(error, this.#place) ?? error;
    });
    return (Body ?? []) as AsyncIterable<Buffer>;
  }
}

async function fill(buffer: Buffer, body: AsyncIterable<Buffer>): Promise<void> {
  let filled = 0;
  for await (const chunk of body) {
    if (filled + chunk.length > buffer.length) throw new TruncatedError("more bytes than were asked for");
    filled += chunk.copy(buffer, filled);
  }
  if (filled < buffer.length) throw new TruncatedError(`${filled} of ${buffer.length} bytes`);
}

/** The error for a source that may not be read any more, or is not the one which was found; undefined for other failures. */
export function problemOf(error: unknown, place: Omit<ObjectPlace, "client">): UserError | undefined {
  const url = `s3://${place.bucket}/${place.key}`;
  return isDenied(error) ? downloadForbidden(url, 1, place) : changeOf(error, url);
}

/** The error for an object that is not the one which was found; undefined for any other failure. */
export function changeOf(error: unknown, url: string): SourceChangedError | undefined {
  if (statusOf(error) === 412) return new SourceChangedError(url);
  // The upload that takes a copy is not the source: another process has ended it.
  const isOfSource = isNotFound(error) && errorName(error) !== "NoSuchUpload";
  return isOfSource ? new SourceChangedError(url, "vanished") : undefined;
}

/** The connection broke while the body was on its way, which is after the SDK's own attempts. */
function isBroken(error: unknown): boolean {
  const { code = "" } = error as NodeJS.ErrnoException;
  return ["ECONNRESET", "EPIPE", "ETIMEDOUT", "ERR_STREAM_PREMATURE_CLOSE"].includes(code);
}
