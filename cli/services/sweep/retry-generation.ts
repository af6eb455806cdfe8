/** The last retry of a sweep. */
interface LastRetry {
  /** The generation that has started. */
  readonly committed: number;
  /** The generation that a retry has begun. Higher than `committed` if that retry is running or was interrupted. */
  readonly begun: number;
  /** The generation in the stack's state. */
  readonly inState: number;
  readonly isCancelled: boolean;
  /** Whether its deadline has passed, which has failed running indices. */
  readonly isOverdue: boolean;
  /** The settings file of this machine. */
  readonly here:
    | { readonly generation: number; readonly retryIndices?: readonly number[] | undefined }
    | undefined;
}

/**
 * The generation of a retry. The same retry resumes the interrupted generation, which opens no index a second time. Any other retry begins a
 * new generation: a region that already has workers of the old generation would start none for the new indices. So does a retry of all failed
 * indices after the deadline, or those that the deadline has failed would not run again.
 */
export function retryGeneration(
  { committed, begun, inState, isCancelled, isOverdue, here }: LastRetry,
  indices: readonly number[] | undefined,
): number {
  const isInterrupted = begun > Math.max(committed, inState);
  const isSame = here?.generation === begun && JSON.stringify(here.retryIndices) === JSON.stringify(indices);
  const hasFailedMore = isOverdue && indices === undefined;
  if (isInterrupted && isSame && !isCancelled && !hasFailedMore) return begun;
  return Math.max(committed, begun, inState) + 1;
}
