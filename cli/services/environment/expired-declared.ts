import type { EntrySpec } from "../../../staging/entry.ts";
import { EXPIRATION } from "../../../staging/resources.ts";
import { MS_PER_DAY } from "../../../staging/ttl.ts";
import type { StateResource } from "../../engine/state.ts";

/** A declared entry whose data S3 has deleted, or deletes at the next midnight. */
export interface ExpiredEntry {
  readonly item: string;
  readonly stagingId: string;
  readonly expiredAt: Date;
}

/**
 * The declared entries that have expired. An update does not stage them again: nothing in the file or in the stack's state has
 * changed.
 * @param entries those that the file declares, under their ids in the state
 */
export function expiredEntries(
  resources: readonly Pick<StateResource, "type" | "outputs">[],
  entries: readonly Pick<EntrySpec, "id" | "declaredAs">[],
  now: Date,
): ExpiredEntry[] {
  return entries.flatMap(({ id, declaredAs = id }) => {
    const own = resources.find(({ type, outputs }) => type === EXPIRATION && outputs?.["stagingId"] === id);
    const { uploadedAt, ttlDays } = own?.outputs ?? {};
    if (typeof uploadedAt !== "string" || typeof ttlDays !== "number") return [];
    const expiredAt = new Date(new Date(uploadedAt).getTime() + ttlDays * MS_PER_DAY);
    return expiredAt <= now ? [{ item: declaredAs, stagingId: id, expiredAt }] : [];
  });
}
