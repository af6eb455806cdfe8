import { entryPrefix } from "../../../staging/manifest.ts";
import type { ListedObject } from "../../store/object-store.ts";
import type { ObjectPlace } from "../../store/stored-object.ts";
import { mergeSorted } from "../manifest/merge.ts";

/** The objects of an entry in two buckets. */
export interface TreePlaces {
  readonly stagingId: string;
  readonly source: Pick<ObjectPlace, "store" | "bucket">;
  readonly destination: Pick<ObjectPlace, "store" | "bucket">;
}

/** Lists both buckets in step, in the order of the keys: each object with its replica, an object alone, or a stale replica alone. */
export function listPairs({ stagingId, source, destination }: TreePlaces, signal: AbortSignal) {
  const prefix = entryPrefix(stagingId);
  const keyOf = ({ key }: ListedObject): string => key;
  const list = ({ store, bucket }: TreePlaces["source"]) => store.listObjects({ bucket, prefix }, signal);
  return mergeSorted(list(source), keyOf, list(destination), keyOf);
}

/** Equal ETags mean equal bytes: they are MD5 sums, of equal parts in a multipart upload. */
export const isSame = (object: ListedObject, replica: ListedObject): boolean =>
  object.size === replica.size && object.etag !== "" && object.etag === replica.etag;
