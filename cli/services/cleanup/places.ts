import { errorName } from "../../../connection/errors/failure.ts";
import type { ObjectStore } from "../../../provider/store/object-store.ts";
import { ID_PREFIX, isStagingId, type StagingId } from "../../../staging/ids.ts";
import { entryPrefix } from "../../../staging/manifest.ts";
import type { Region } from "../../../staging/regions.ts";
import { serverClock } from "../../../staging/server-clock.ts";

/** A multipart upload that is neither completed nor aborted. */
export interface OpenUpload {
  readonly key: string;
  readonly uploadId: string;
}

/** A bucket of the environment. */
export interface Bucket {
  readonly store: ObjectStore;
  readonly region: Region;
  readonly name: string;
  readonly isOwn: boolean;
}

/** The names of folders that are IDs of one kind. Other names belong to the user. */
export async function* folderIds<Id extends string>(
  prefixes: AsyncIterable<string>,
  isId: (name: string) => name is Id,
): AsyncGenerator<Id> {
  for await (const prefix of prefixes) {
    const name = prefix.slice(0, -1);
    if (isId(name)) yield name;
  }
}

/** The IDs under which the bucket has objects. */
export const idsWithObjects = ({ store, name }: Bucket): AsyncGenerator<StagingId> =>
  folderIds(store.listPrefixes({ bucket: name, prefix: ID_PREFIX, delimiter: "/" }), isStagingId);

/** The open uploads of the bucket, each with its entry's ID. */
export async function* openUploads(
  { store, name }: Bucket,
  prefix: string = ID_PREFIX,
): AsyncGenerator<OpenUpload & { readonly id: StagingId; readonly begunAt: Date }> {
  const uploads = store.listUploads({ bucket: name, prefix });
  for await (const { key, uploadId, initiated } of uploads) {
    const [id = "", ...path] = key.split("/");
    if (path.length > 0 && isStagingId(id)) yield { id, key, uploadId, begunAt: knownTime(initiated) };
  }
}

/** Without a time from the server, data count as new, so they are never removed as old. */
const knownTime = (time: Date): Date => (time.getTime() === 0 ? serverClock.now() : time);

/** The number and size of objects or parts, and the time of the last change. */
export interface Amount {
  readonly count: number;
  readonly bytes: number;
  readonly changedAt: Date;
}

const NOTHING: Amount = { count: 0, bytes: 0, changedAt: new Date(0) };

/** The complete objects under an ID. */
export async function objectsOf({ store, name }: Bucket, id: StagingId): Promise<Amount> {
  let amount = NOTHING;
  for await (const { size, lastModified } of store.listObjects({ bucket: name, prefix: entryPrefix(id) }))
    amount = sumOf(amount, { count: 1, bytes: size, changedAt: knownTime(lastModified) });
  return amount;
}

/** The parts of one open upload; none if it was completed or aborted in the meantime. */
export async function partsOf(
  { store, name }: Bucket,
  { key, uploadId, begunAt }: OpenUpload & { readonly begunAt: Date },
): Promise<Amount> {
  let amount: Amount = { ...NOTHING, changedAt: begunAt };
  try {
    for await (const { size, lastModified } of store.listParts({ bucket: name, key, uploadId }))
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
