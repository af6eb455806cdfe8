import type { S3Client } from "@aws-sdk/client-s3";
import { errorName } from "../../../connection/errors/failure.ts";
import { storeOf } from "../../../provider/store/store-of.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { entryPrefix } from "../../../staging/manifest.ts";
import type { Region } from "../../../staging/regions.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { stagingIdIn } from "./owners.ts";

/** A multipart upload that was neither completed nor aborted. */
export interface OpenUpload {
  readonly key: string;
  readonly uploadId: string;
}

/** A bucket of the environment. */
export interface Bucket {
  readonly client: S3Client;
  readonly region: Region;
  readonly name: string;
  readonly isOwn: boolean;
}

/** Every entry's prefix begins so. */
const PREFIX = "stage-";

/** The ids under which the bucket has objects. What is not named like an entry is none of ours, and not looked at. */
export async function* idsWithObjects({ client, name }: Bucket): AsyncGenerator<StagingId> {
  const folders = { bucket: name, prefix: PREFIX, delimiter: "/" };
  for await (const prefix of storeOf(client).listPrefixes(folders)) {
    const id = stagingIdIn(prefix.slice(0, -1));
    if (id !== undefined) yield id;
  }
}

/** The open uploads of the bucket, each with the id that it is under. */
export async function* openUploads(
  { client, name }: Bucket,
  prefix: string = PREFIX,
): AsyncGenerator<OpenUpload & { readonly id: StagingId; readonly begunAt: Date }> {
  const uploads = storeOf(client).listUploads({ bucket: name, prefix });
  for await (const { key, uploadId, initiated } of uploads) {
    const slash = key.indexOf("/");
    const id = slash < 0 ? undefined : stagingIdIn(key.slice(0, slash));
    if (id !== undefined) yield { id, key, uploadId, begunAt: knownTime(initiated) };
  }
}

/** A server that gives no time gets none of its objects removed as old. */
const knownTime = (time: Date): Date => (time.getTime() === 0 ? serverClock.now() : time);

/** What there is, and when it last changed. */
export interface Amount {
  readonly count: number;
  readonly bytes: number;
  readonly changedAt: Date;
}

const NOTHING: Amount = { count: 0, bytes: 0, changedAt: new Date(0) };

/** The whole objects under an id. */
export async function objectsOf({ client, name }: Bucket, id: StagingId): Promise<Amount> {
  let amount = NOTHING;
  for await (const { size, lastModified } of storeOf(client).listObjects({
    bucket: name,
    prefix: entryPrefix(id),
  })) {
    amount = sumOf(amount, { count: 1, bytes: size, changedAt: knownTime(lastModified) });
  }
  return amount;
}

/** The parts of one open upload; nothing where it was completed or aborted meanwhile. */
export async function partsOf(
  { client, name }: Bucket,
  { key, uploadId, begunAt }: OpenUpload & { readonly begunAt: Date },
): Promise<Amount> {
  let amount: Amount = { ...NOTHING, changedAt: begunAt };
  try {
    for await (const { size, lastModified } of storeOf(client).listParts({ bucket: name, key, uploadId }))
      amount = sumOf(amount, { count: 1, bytes: size, changedAt: knownTime(lastModified) });
  } catch (error) {
    if (errorName(error) !== "NoSuchUpload") throw error;
  }
  return amount;
}

export const sumOf = (a: Amount, b: Amount): Amount => ({
  count: a.count + b.count,
  bytes: a.bytes + b.bytes,
  changedAt: a.changedAt > b.changedAt ? a.changedAt : b.changedAt,
});
