/** S3 has left a request without an answer for as long as it was allowed to. */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
  readonly seconds: number;

  constructor(region: string, seconds: number) {
    super(`S3 in ${region} gave no answer for ${seconds} s`);
    this.seconds = seconds;
  }
}

const regions = new WeakMap<object, string>();

/** Remembers where the request went that failed with `error`: a copy's requests go to two regions. */
export function noteRegion(error: unknown, region: string): void {
  if (typeof error === "object" && error !== null && !regions.has(error)) regions.set(error, region);
}

/** The region of the request that failed with `error`, where it is known. */
export const regionOf = (error: unknown): string | undefined =>
  typeof error === "object" && error !== null ? regions.get(error) : undefined;
