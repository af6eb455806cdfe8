import { type EntrySpec, parseEntrySpec } from "../../../staging/entry.ts";
import type { EntryState } from "../../../staging/entry-update.ts";
import { UserError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { REPLICATION, STAGED_DATA } from "../../../staging/resources.ts";
import type { StateResource } from "../../engine/pending.ts";

/**
 * The spec of an entry as its stack's state tells it: where the data came from and how they were replicated, with what the
 * record knows of it or is to know. The settings file that the upload wrote is on one machine only, and does not hear
 * of updates from others.
 * @throws UserError when the state does not hold the entry
 */
export function specInState(
  resources: readonly StateResource[],
  id: StagingId,
  state: EntryState,
): EntrySpec {
  const ofEntry = resources.filter(({ inputs }) => inputs?.["stagingId"] === id);
  const data = ofEntry.find(({ type }) => type === STAGED_DATA)?.inputs;
  if (data === undefined) {
    throw new UserError(`the state of ${id} does not hold its data`, {
      code: "cannot-complete",
      why: "The data were deleted, or have expired, and a refresh has noticed it.",
      fix: `spawn stage delete ${id}, then stage the data again`,
    });
  }
  const { source, name: filename, exclude, noSha256, multipart, timeoutSeconds } = data;
  const { requestPayer, bandwidthLimit } = data;
  return parseEntrySpec(
    {
      // A record may stand for the state; its file name is the stored one, chosen or not.
      ...state,
      ...{ id, source, filename, exclude, noSha256, multipart, timeoutSeconds },
      ...{ requestPayer, bandwidthLimit },
      replication: wasCopied(data, ofEntry) ? "copy" : "rule",
    },
    `the state of ${id}`,
  );
}

/** An entry whose objects no rule was meant to take. */
function wasCopied(data: Readonly<Record<string, unknown>>, ofEntry: readonly StateResource[]): boolean {
  const replicateTo = data["replicateTo"];
  if (Array.isArray(replicateTo) && replicateTo.length > 0) return false;
  return ofEntry.some(({ type, inputs }) => type === REPLICATION && inputs?.["method"] === "copy");
}
