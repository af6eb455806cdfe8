import type { EntrySpec } from "../../../staging/entry.ts";
import type { EntryState } from "../../../staging/entry-update.ts";
import { parseEntrySpec } from "../../../staging/entry-values.ts";
import { UserError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { REPLICATION, STAGED_DATA } from "../../../staging/resources/tokens.ts";
import { commandLine } from "../../command-line.ts";
import type { StateResource } from "../../engine/pending.ts";

/**
 * The spec of an entry: its source and replication from the stack's state, and the other properties as wanted. The settings file of
 * the upload is on one machine only, and misses updates from others.
 * @throws UserError if the state does not hold the entry
 */
export function specInState(
  resources: readonly StateResource[],
  id: StagingId,
  state: EntryState,
  environment: string,
): EntrySpec {
  const ofEntry = resources.filter(({ inputs }) => inputs?.["stagingId"] === id);
  const data = ofEntry.find(({ type }) => type === STAGED_DATA)?.inputs;
  if (data === undefined) {
    throw new UserError(`the state of ${id} does not hold its data`, {
      code: "cannot-complete",
      why: "The data were deleted or have expired, and a refresh removed them from the state.",
      fix: `${commandLine(`spawn stage delete ${id}`, environment)}, then stage the data again`,
    });
  }
  const { source, name: filename, exclude, followLinks, noSha256, multipart, timeoutSeconds } = data;
  const { requestPayer, bandwidthLimit } = data;
  return parseEntrySpec(
    {
      // `wanted` may be a record, whose file name is always set.
      ...state,
      ...{ id, source, filename, exclude, followLinks, noSha256, multipart, timeoutSeconds },
      ...{ requestPayer, bandwidthLimit },
      replication: wasCopied(data, ofEntry) ? "copy" : "rule",
    },
    `the state of ${id}`,
  );
}

/** Whether the entry was replicated by copies only. */
function wasCopied(data: Readonly<Record<string, unknown>>, ofEntry: readonly StateResource[]): boolean {
  const replicateTo = data["replicateTo"];
  if (Array.isArray(replicateTo) && replicateTo.length > 0) return false;
  return ofEntry.some(({ type, inputs }) => type === REPLICATION && inputs?.["method"] === "copy");
}
