import type { StagingRecord } from "../../../../staging/record.ts";
import type { Context } from "../../../context.ts";
import type { SessionSource } from "../../../engine/session.ts";
import type { SameUpload } from "../listing/incomplete.ts";
import { damageIn } from "../presence.ts";
import { hasPendingOperations } from "../settle-stack.ts";

/** The effect of an unfinished earlier upload of the same source on an upload. */
type Continuation =
  | { readonly kind: "resume"; readonly earlier: SameUpload }
  /** Its entry is whole; only its ID was not written. */
  | { readonly kind: "complete"; readonly record: StagingRecord }
  /** `why`: the reason not to use the entry of the earlier upload, if it has one. */
  | { readonly kind: "new"; readonly why?: string };

/** Decides how an upload continues. It sends requests to AWS only if the earlier upload has a record. */
export async function continuationOf(
  context: SessionSource & Pick<Context, "anyBucketsS3" | "s3" | "store">,
  earlier: SameUpload | undefined,
): Promise<Continuation> {
  if (earlier === undefined) return { kind: "new" };
  const { untold } = earlier;
  if (untold === undefined) return { kind: "resume", earlier };
  const damage = await damageIn(context, untold, untold.regions);
  if (damage !== undefined) {
    return { kind: "new", why: `${untold.stagingId} is not used as the result of this upload: ${damage}` };
  }
  // The engine was killed before it recorded the last resource: an update completes its state.
  if (await hasPendingOperations(context, earlier.stack)) return { kind: "resume", earlier };
  return { kind: "complete", record: untold };
}
