import { PartialFailure, type Properties } from "./plugin/types.ts";
import { type Doing, explainAwsError } from "./store/explain.ts";

/**
 * A failure after AWS may have created something. The resource stays in the state, so that a later update resumes and a deletion
 * cleans up.
 */
export function partialFailure(
  id: string,
  inputs: object,
  error: unknown,
  doing: Doing,
  signal: AbortSignal,
): PartialFailure {
  const reason = signal.aborted ? signal.reason : explainAwsError(error, doing);
  return new PartialFailure(id, inputs as Properties, reason, { cause: error });
}
