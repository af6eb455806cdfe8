import type { StagingRecord } from "../../../../staging/record.ts";
import { expiryMismatch } from "../../../../staging/reuse.ts";
import type { Context } from "../../../context.ts";
import type { SessionSource } from "../../../engine/session.ts";
import { serverTime } from "../../common/server-time.ts";
import type { SameUpload } from "../listing/incomplete.ts";
import { damageIn } from "../presence.ts";
import { hasPendingOperations } from "../settle-stack.ts";
import { endUpload } from "./unfinished.ts";

/** The effect of an unfinished earlier upload of the same source on an upload. */
type Continuation =
  | { readonly kind: "resume"; readonly earlier: SameUpload }
  /** Its entry is whole; only its ID was not written. */
  | { readonly kind: "complete"; readonly record: StagingRecord }
  /** `why`: the reason not to use the entry of the earlier upload, if it has one. */
  | { readonly kind: "new"; readonly why?: string };

/** Decides how an upload continues, and removes the journal of an entry that expires too soon. It sends requests to AWS only if the earlier upload has a record. */
export async function continuationOf(
  context: SessionSource & Pick<Context, "anyBucketsS3" | "s3" | "store" | "tables">,
  earlier: SameUpload | undefined,
): Promise<Continuation> {
  if (earlier === undefined) return { kind: "new" };
  const { record, settings, stack, untold } = earlier;
  const tooOld = record && expiryMismatch(record, settings.spec.ttl, await serverTime(context));
  if (record !== undefined && tooOld !== undefined) {
    // The entry keeps its record, so it stays listed until it expires.
    await endUpload(stack);
    return unused(record, tooOld);
  }
  if (untold === undefined) return { kind: "resume", earlier };
  const damage = await damageIn(context, untold, untold.regions);
  if (damage !== undefined) return unused(untold, damage);
  // The engine was killed before it recorded the last resource: an update completes its state.
  if (await hasPendingOperations(context, stack)) return { kind: "resume", earlier };
  return { kind: "complete", record: untold };
}

const unused = ({ stagingId }: StagingRecord, why: string): Continuation => ({
  kind: "new",
  why: `${stagingId} is not used as the result of this upload: ${why}`,
});
