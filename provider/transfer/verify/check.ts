import { checkFile } from "./file.ts";
import type { Expected, RegionCopy, RegionPresence } from "./region.ts";
import { checkTree } from "./tree.ts";

/**
 * Checks whether each region holds the staged data, without reading them. A file takes two HEAD requests a region, a directory
 * a listing a region and the manifest once; objects with an unclear ETag or time take a HEAD request, up to a bound.
 * @param copies the primary region first
 * @returns one result for each copy, in their order; an unreachable region is a result, not an error
 */
export async function checkPresence(
  expected: Expected,
  copies: readonly RegionCopy[],
  signal: AbortSignal,
): Promise<RegionPresence[]> {
  const check = expected.kind === "file" ? checkFile : checkTree;
  const findings = await check(expected, copies, signal);
  return findings.map((one) => one.result());
}
