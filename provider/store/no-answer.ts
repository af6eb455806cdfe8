/** S3 sent no response to a request within the request's time limit. */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
  readonly seconds: number;

  constructor(region: string, seconds: number) {
    super(`S3 in ${region} gave no answer for ${seconds} s`);
    this.seconds = seconds;
    noteRegion(this, region);
  }
}

const REGION = Symbol("region");

interface Located {
  readonly [REGION]?: string;
}

const isObject = (error: unknown): error is Located => typeof error === "object" && error !== null;

/** Stores the region of a failed request in its error, because a copy sends requests to two regions. */
export function noteRegion(error: unknown, region: string): void {
  if (isObject(error) && error[REGION] === undefined)
    Reflect.defineProperty(error, REGION, { value: region });
}

/** The region of the request that failed with `error`, if known. */
export const regionOf = (error: unknown): string | undefined => (isObject(error) ? error[REGION] : undefined);
