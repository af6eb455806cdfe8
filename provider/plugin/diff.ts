import proto from "@pulumi/pulumi/proto/provider_pb.js";
import type { Difference, Properties } from "./types.ts";

const { Kind } = proto.PropertyDiff;
const { DiffChanges } = proto.DiffResponse;

/** A difference in the engine's form: the names of inputs, and whether each was added, deleted or changed. */
export function diffResponse(
  difference: Difference,
  oldInputs: Properties,
  news: Properties,
): proto.DiffResponse {
  const replaces = new Set(difference.replaces);
  const names = new Set([...difference.replaces, ...difference.updates]);
  const response = new proto.DiffResponse()
    .setChanges(names.size > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE)
    .setReplacesList([...replaces])
    .setDiffsList([...names])
    .setDeletebeforereplace(difference.deleteBeforeReplace ?? false)
    .setHasdetaileddiff(true);
  for (const name of names) {
    const kind = kindOf(oldInputs[name], news[name], replaces.has(name));
    response.getDetaileddiffMap().set(name, new proto.PropertyDiff().setKind(kind).setInputdiff(true));
  }
  return response;
}

function kindOf(before: unknown, after: unknown, replaces: boolean): proto.PropertyDiff.Kind {
  if (before === undefined) return replaces ? Kind.ADD_REPLACE : Kind.ADD;
  if (after === undefined) return replaces ? Kind.DELETE_REPLACE : Kind.DELETE;
  return replaces ? Kind.UPDATE_REPLACE : Kind.UPDATE;
}
