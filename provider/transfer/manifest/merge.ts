import { comparePaths } from "../../../staging/manifest.ts";

/**
 * Joins two streams that are sorted by {@link comparePaths}. It yields items with the same path together, and every other item alone.
 * One item of each stream is in memory.
 */
export async function* mergeSorted<A, B>(
  left: AsyncIterable<A>,
  leftPath: (item: A) => string,
  right: AsyncIterable<B>,
  rightPath: (item: B) => string,
): AsyncGenerator<[A, B] | [A, undefined] | [undefined, B], void, void> {
  const [lefts, rights] = [left[Symbol.asyncIterator](), right[Symbol.asyncIterator]()];
  try {
    let [a, b] = await Promise.all([lefts.next(), rights.next()]);
    while (a.done !== true || b.done !== true) {
      const order =
        a.done === true ? 1 : b.done === true ? -1 : comparePaths(leftPath(a.value), rightPath(b.value));
      if (order < 0 && a.done !== true) {
        yield [a.value, undefined];
        a = await lefts.next();
      } else if (order > 0 && b.done !== true) {
        yield [undefined, b.value];
        b = await rights.next();
      } else if (a.done !== true && b.done !== true) {
        yield [a.value, b.value];
        [a, b] = await Promise.all([lefts.next(), rights.next()]);
      }
    }
  } finally {
    await Promise.all([lefts.return?.(), rights.return?.()]);
  }
}
