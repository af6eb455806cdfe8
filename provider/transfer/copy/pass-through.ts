import { hash } from "node:crypto";
import { crc32 } from "node:zlib";
import { textOf } from "../../../connection/errors/failure.ts";
import { isDenied, isNotReached, isStall } from "../../../connection/errors/kinds.ts";
import { UserError } from "../../../staging/errors.ts";
import { MIB } from "../../../staging/units.ts";
import { Semaphore } from "../../flow/semaphore.ts";
import { NoAnswerError } from "../../store/no-answer.ts";
import { mailSafe } from "../../store/object-headers.ts";
import type { BodyChecksum, CopyInput, Description, ObjectStore, Range } from "../../store/object-store.ts";
import { headObject, type ObjectPlace } from "../../store/stored-object.ts";
import { encodeCrc32 } from "../hash/crc32.ts";
import { S3Reader } from "../source/s3-reader.ts";
import { SourceChangedError } from "../source/source.ts";
import { resendDamaged } from "../upload/multipart.ts";

/** A range is large above this size. A part has up to 256 MiB, or more if its object exceeds 2.5 TiB. */
const LARGE_BYTES = 8 * MIB;

/** Bytes that a request copies into another store. */
interface CopiedRange extends Range {
  readonly source: ObjectPlace;
  /** Of the only version that may be read. */
  readonly etag: string;
  readonly destination: ObjectStore;
  /** The algorithm of the checksum with which this machine would send the bytes. */
  readonly algorithm: CopyInput["checksum"];
}

interface Bytes {
  readonly body: Buffer;
  readonly checksum: BodyChecksum | undefined;
}

/** Pairs of stores between which S3 refuses server-side copies, and the limits of the copies through this machine. */
export class PassThrough {
  /** Few, because each range is completely in memory, and several requests read it. */
  readonly #large = new Semaphore(2);
  readonly #small = new Semaphore(24);
  /** Sources by destination. */
  readonly #refused = new WeakMap<ObjectStore, WeakSet<ObjectStore>>();

  /** Whether S3 has refused a copy between the stores, so that the data pass through this machine. */
  has(source: ObjectStore, destination: ObjectStore): boolean {
    return this.#refused.get(destination)?.has(source) === true;
  }

  /** Copies on the server. If S3 refuses copies between the stores, reads the bytes and sends them instead. */
  async copy<T>(
    range: CopiedRange,
    byServer: () => Promise<T>,
    send: (bytes: Bytes) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const { source, destination, length, algorithm } = range;
    if (!this.has(source.store, destination)) {
      try {
        return await byServer();
      } catch (error) {
        if (!isRefusedByEndpoint(error)) throw error;
        this.#add(source.store, destination);
      }
    }
    const pass = async (): Promise<T> => {
      const body = await read(range, signal);
      const checksum = checksumOf(body, algorithm);
      return resendDamaged(signal, () => send({ body, checksum }));
    };
    return (length > LARGE_BYTES ? this.#large : this.#small).run(pass, signal);
  }

  #add(source: ObjectStore, destination: ObjectStore): void {
    const sources = this.#refused.get(destination) ?? new WeakSet();
    this.#refused.set(destination, sources.add(source));
  }
}

/**
 * Whether S3 refuses a copy from another region because the request came through a VPC endpoint. All requests from a VPC to the
 * endpoint's region take that route. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
const isRefusedByEndpoint = (error: unknown): boolean =>
  isDenied(error) && /VPC endpoints do not support cross-region requests/i.test(textOf(error));

async function read({ source, etag, offset, length }: CopiedRange, signal: AbortSignal): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  const reader = new S3Reader(source, etag);
  const close = (): void => void reader.close();
  signal.addEventListener("abort", close, { once: true });
  try {
    await reader.read(bytes, offset);
    return bytes;
  } catch (error) {
    signal.throwIfAborted();
    if (isNotReached(error) || isStall(error) || error instanceof NoAnswerError)
      throw outOfReach(source, error);
    throw error;
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}

function checksumOf(bytes: Buffer, algorithm: CopiedRange["algorithm"]): BodyChecksum | undefined {
  if (algorithm === undefined) return undefined;
  if (algorithm === "SHA256") return { sha256: hash("sha256", bytes, "base64") };
  return { crc32: encodeCrc32(crc32(bytes)) };
}

/**
 * The source's headers and metadata, which S3 would have kept.
 * @param etag of the version whose bytes were read
 * @throws SourceChangedError if the source is no longer that version
 */
export async function readDescription(
  source: ObjectPlace,
  etag: string,
  signal: AbortSignal,
): Promise<Omit<Description, "tags">> {
  const found = await headObject(source, signal);
  const url = `s3://${source.bucket}/${source.key}`;
  if (found === undefined) throw new SourceChangedError(url, "vanished");
  if (found.etag !== etag) throw new SourceChangedError(url);
  return { headers: found.headers, metadata: mailSafe(found.metadata) };
}

const outOfReach = ({ bucket, key }: ObjectPlace, cause: unknown): UserError =>
  new UserError(`s3://${bucket}/${key} cannot be read from here`, {
    why: "This machine reaches S3 by a VPC endpoint, by which S3 does not copy between regions, and the other region itself gave no answer.",
    fix: "Give the VPC a way to other regions (a NAT gateway), or run the command outside of it.",
    cause,
  });
