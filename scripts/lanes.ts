export interface TestFile {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Divides test files into lanes of similar size, because longer files take longer: the largest file first, each into
 * the smallest lane so far. Within a lane, files keep the order of their paths.
 * @returns at most `count` lanes, each with at least one file
 */
export function lanesOf(files: readonly TestFile[], count: number): string[][] {
  const lanes = Array.from({ length: Math.min(count, files.length) }, () => ({
    bytes: 0,
    paths: [] as string[],
  }));
  for (const { path, bytes } of files.toSorted((a, b) => b.bytes - a.bytes)) {
    const smallest = lanes.reduce((one, other) => (other.bytes < one.bytes ? other : one));
    smallest.paths.push(path);
    smallest.bytes += bytes;
  }
  return lanes.map(({ paths }) => paths.sort());
}
