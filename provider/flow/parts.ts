export interface Part {
  /** Starts at 1. */
  readonly number: number;
  readonly offset: number;
  readonly length: number;
}

/** The parts of an object, in order. `partSize` 0 gives one part. */
export function* partsOf(size: number, partSize: number): Generator<Part, void, void> {
  const step = partSize === 0 ? Math.max(size, 1) : partSize;
  for (let offset = 0, number = 1; offset < size; offset += step, number += 1) {
    yield { number, offset, length: Math.min(step, size - offset) };
  }
}
