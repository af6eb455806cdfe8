import { hash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { S3Client } from "@aws-sdk/client-s3";
import { textOf } from "../../../connection/errors/failure.ts";
import { isDenied, isNotReached, isStall } from "../../../connection/errors/kinds.ts";
import { UserError } from "../../../staging/errors.ts";
import { MIB } from "../../../staging/units.ts";
import { NoAnswerError } from "../../store/no-answer.ts";
import { mailSafe } from "../../store/object-headers.ts";
import type {
  BodyChecksum,
  CopyInput,
  CopyPartInput,
  Description,
  WrittenObject,
  WrittenPart,
} from "../../store/object-store.ts";
import { storeOf } from "../../store/store-of.ts";
import { Limit } from "../flow/semaphore.ts";
import { encodeCrc32 } from "../hash/crc32.ts";
import { S3Reader } from "../source/s3-reader.ts";
import { SourceChangedError } from "../source/source.ts";
import { sendAgain } from "../upload/multipart.ts";
import { headObject, type ObjectPlace } from "../verify/stored.ts";

/** What a copy reads, and where it sends the request. */
export interface CopyWay {
  readonly source: ObjectPlace;
  /** Of the source's object. */
  readonly size: number;
  readonly destination: S3Client;
  readonly signal: AbortSignal;
}

/**
 * Pieces are in memory as a whole: a part has up to 256 MiB, and more only where an object has more than 2.5 TiB. Each is read by several
 * requests at once.
 */
const LARGE_BYTES = 8 * MIB;
const large = new Limit(2);
const small = new Limit(24);

/** Sources from which S3 makes no copies for a client, by that client. */
const refused = new WeakMap<S3Client, WeakSet<S3Client>>();

/** Whether S3 has refused a copy on this way, so that the data pass through this machine. */
export const passesThroughClient = ({
  source,
  destination,
}: {
  readonly source: Pick<ObjectPlace, "client">;
  readonly destination: S3Client;
}): boolean => refused.get(destination)?.has(source.client) === true;

/**
 * Whether S3 refuses to copy from another region, because the request came through a VPC endpoint: all requests from a VPC to
 * the endpoint's region do. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
export const isRefusedByEndpoint = (error: unknown): boolean =>
  isDenied(error) && /VPC endpoints do not support cross-region requests/i.test(textOf(error));

/** Copies an object; what S3 does not copy is read and sent. */
export function sendCopy(way: CopyWay, input: CopyInput): Promise<WrittenObject> {
  const { size, signal } = way;
  const store = storeOf(way.destination);
  const { bucket, key, tags, checksum = "CRC32" } = input;
  return byEitherWay(
    () => store.copy(input, signal),
    { ...way, offset: 0, length: size, etag: input.source.ifMatch },
    async (body) => {
      const object = { bucket, key, tags, ...(await description(way, input)) };
      return sendAgain(signal, () =>
        store.put({ ...object, body, checksum: checksumOf(body, checksum) }, signal),
      );
    },
  );
}

/**
 * Copies a part of an object; what S3 does not copy is read and sent.
 * @param algorithm of the checksums of the upload's parts
 */
export function sendPartCopy(
  way: CopyWay,
  input: CopyPartInput,
  algorithm: "CRC32" | undefined,
): Promise<WrittenPart> {
  const { source, range, ...part } = input;
  const { signal } = way;
  const store = storeOf(way.destination);
  return byEitherWay(
    () => store.copyPart(input, signal),
    { ...way, ...range, etag: source.ifMatch },
    async (body) => {
      const checksum = checksumOf(body, algorithm);
      return sendAgain(signal, () => store.uploadPart({ ...part, body, checksum }, signal));
    },
  );
}

interface Piece extends CopyWay {
  readonly offset: number;
  readonly length: number;
  readonly etag: string | undefined;
}

async function byEitherWay<T>(
  byS3: () => Promise<T>,
  piece: Piece,
  sendBytes: (bytes: Buffer) => Promise<T>,
): Promise<T> {
  if (!passesThroughClient(piece)) {
    try {
      return await byS3();
    } catch (error) {
      if (!isRefusedByEndpoint(error)) throw error;
      const { source, destination } = piece;
      const sources = refused.get(destination) ?? new WeakSet();
      refused.set(destination, sources.add(source.client));
    }
  }
  const limit = piece.length > LARGE_BYTES ? large : small;
  return await limit.run(async () => await sendBytes(await read(piece)), piece.signal);
}

async function read({ source, offset, length, etag, signal }: Piece): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  const reader = new S3Reader(source, etag ?? "");
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

/**
 * What S3 would have taken over from the source, or was told to write in its place.
 * @throws SourceChangedError when the source is not the one of which the bytes are
 */
async function description(
  { source, signal }: CopyWay,
  input: CopyInput,
): Promise<Omit<Description, "tags">> {
  if (input.description !== undefined) return input.description;
  const found = await headObject(source, signal);
  const url = `s3://${source.bucket}/${source.key}`;
  if (found === undefined) throw new SourceChangedError(url, "vanished");
  // The bytes were read before.
  const { ifMatch } = input.source;
  if (ifMatch !== undefined && ifMatch !== found.etag) throw new SourceChangedError(url);
  return { headers: found.headers, metadata: mailSafe(found.metadata) };
}

function checksumOf(bytes: Buffer, algorithm: "CRC32" | "SHA256" | undefined): BodyChecksum | undefined {
  if (algorithm === undefined) return undefined;
  if (algorithm === "SHA256") return { sha256: hash("sha256", bytes, "base64") };
  return { crc32: encodeCrc32(crc32(bytes)) };
}

const outOfReach = ({ bucket, key }: ObjectPlace, cause: unknown): UserError =>
  new UserError(`s3://${bucket}/${key} cannot be read from here`, {
    why: "This machine reaches S3 by a VPC endpoint, by which S3 does not copy between regions, and the other region itself gave no answer.",
    fix: "Give the VPC a way to other regions (a NAT gateway), or run the command outside of it.",
    cause,
  });
