import { comparePaths } from "../../../staging/manifest.ts";

/** S3 lists at most 1,000 keys in a page. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export const PAGE_KEYS = 1_000;
/** Each range has up to one page in memory: about 2 MB in all. */
const RANGES_IN_FLIGHT = 8;

interface Keyed {
  readonly key: string;
}

/**
 * Lists objects in the order of their keys, with several pages in flight. With continuation tokens alone, a million keys take
 * 1,000 sequential round trips.
 * @param ends keys in ascending order, each the last of its range. With {@link PAGE_KEYS} keys per range, a range costs one request
 * @param list lists the objects after the given key
 */
export async function* listRanges<T extends Keyed>(
  ends: readonly string[],
  list: (after: string | undefined) => AsyncIterable<T>,
): AsyncGenerator<T, void, void> {
  const ranges: Promise<Range<T>>[] = [];
  let started = 0;
  const start = (): void => {
    const range = startRange(list(ends[started - 1]), ends[started]);
    // If an earlier range fails, the loop never awaits this one.
    range.catch(() => {});
    ranges.push(range);
    started += 1;
  };
  while (started <= ends.length && started < RANGES_IN_FLIGHT) start();
  for (let next = ranges.shift(); next !== undefined; next = ranges.shift()) {
    const { first, rest } = await next;
    if (started <= ends.length) start();
    yield* first;
    yield* rest;
  }
}

interface Range<T> {
  /** At most one page. */
  readonly first: readonly T[];
  /** Not in memory: the range may contain any number of other objects. */
  readonly rest: AsyncIterable<T>;
}

async function startRange<T extends Keyed>(
  objects: AsyncIterable<T>,
  end: string | undefined,
): Promise<Range<T>> {
  const rest = upTo(objects, end);
  const first: T[] = [];
  while (first.length < PAGE_KEYS) {
    const { value, done } = await rest.next();
    if (done === true) break;
    first.push(value);
  }
  return { first, rest };
}

async function* upTo<T extends Keyed>(
  objects: AsyncIterable<T>,
  end: string | undefined,
): AsyncGenerator<T, void, void> {
  for await (const object of objects) {
    const order = end === undefined ? -1 : comparePaths(object.key, end);
    if (order <= 0) yield object;
    if (order >= 0) return;
  }
}
