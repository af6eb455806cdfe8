import type { StagingRecord } from "../../../../staging/record.ts";
import type { Context } from "../../../context.ts";
import type { SessionSource } from "../../../engine/session.ts";
import type { SameUpload } from "../listing/incomplete.ts";
import { hasPendingOperations } from "../settle-stack.ts";
import { damageOf } from "./reuse.ts";

/** What an upload does about an earlier one of the same source that has not ended. */
export type Continuation =
  | { readonly kind: "resume"; readonly earlier: SameUpload }
  /** Its entry is whole; only its ID was not written. */
  | { readonly kind: "complete"; readonly record: StagingRecord }
  /** `why` the entry of the earlier upload is not used, where it has one. */
  | { readonly kind: "new"; readonly why?: string };

/** Decides how an upload continues. It looks at AWS only where the earlier upload has a record. */
export async function continuationOf(
  context: SessionSource & Pick<Context, "anyBucketsS3" | "s3">,
  earlier: SameUpload | undefined,
): Promise<Continuation> {
  if (earlier === undefined) return { kind: "new" };
  const { untold } = earlier;
  if (untold === undefined) return { kind: "resume", earlier };
  const damage = await damageOf(context, untold);
  if (damage !== undefined) {
    return { kind: "new", why: `${untold.stagingId} is not used as the result of this upload: ${damage}` };
  }
  // The engine was killed before it had noted the record: an update completes its state.
  if (await hasPendingOperations(context, earlier.stack)) return { kind: "resume", earlier };
  return { kind: "complete", record: untold };
}
