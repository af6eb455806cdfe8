/** What is known of the last retry. */
export interface LastRetry {
  /** The generation that has started. */
  readonly committed: number;
  /** The generation that a retry has begun. Higher than `committed` where it is under way or was cut off. */
  readonly begun: number;
  /** The generation that the stack's state has. */
  readonly inState: number;
  readonly isCancelled: boolean;
  /** What this machine has last written into the sweep's settings. */
  readonly here:
    | { readonly generation: number; readonly retryIndices?: readonly number[] | undefined }
    | undefined;
}

/**
 * The generation of a retry. The same retry resumes the interrupted generation, which opens no index a second time. Any other retry begins a
 * new generation: a region that already has workers of the old generation would start none for the new indices.
 */
export function retryGeneration(
  { committed, begun, inState, isCancelled, here }: LastRetry,
  indices: readonly number[] | undefined,
): number {
  const isCutOff = begun > Math.max(committed, inState);
  const isSame = here?.generation === begun && JSON.stringify(here.retryIndices) === JSON.stringify(indices);
  if (isCutOff && isSame && !isCancelled) return begun;
  return Math.max(committed, begun, inState) + 1;
}
