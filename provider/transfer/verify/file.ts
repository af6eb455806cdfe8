import { headObject, type ObjectPlace, type StoredObject } from "../../store/stored-object.ts";
import { type ExpectedObject, faultOf, type Reference, wholeSecond } from "./object.ts";
import { type Expected, Findings, type RegionCopy } from "./region.ts";

/** One region's object under a key. The findings record an unreachable region. */
interface FoundObject {
  readonly copy: RegionCopy;
  readonly findings: Findings;
  readonly place: ObjectPlace;
  readonly object: StoredObject | undefined;
}

/** Checks a single file and its manifest with two HEAD requests per region. */
export async function checkFile(
  expected: Expected,
  copies: readonly RegionCopy[],
  signal: AbortSignal,
): Promise<Findings[]> {
  const findings = copies.map((copy) => new Findings(copy));
  const { key, sizeBytes, sha256, uploadedAt } = expected;
  await Promise.all([
    checkObject(
      key,
      { size: sizeBytes, sha256 },
      uploadedAt === undefined ? undefined : new Date(uploadedAt),
      copies,
      findings,
      signal,
    ),
    checkManifests(expected, copies, findings, signal),
  ]);
  return findings;
}

/**
 * Checks the manifest of each region.
 * @param rejected regions whose manifest content contradicts its metadata; no other manifest is compared with theirs
 * @returns the correct manifests in the order of the regions, undefined for the others
 */
export function checkManifests(
  { manifestKey, manifestSha256 }: Expected,
  copies: readonly RegionCopy[],
  findings: readonly Findings[],
  signal: AbortSignal,
  rejected: ReadonlySet<RegionCopy> = new Set(),
): Promise<(Reference | undefined)[]> {
  const wanted = { size: undefined, sha256: manifestSha256 };
  return checkObject(manifestKey, wanted, undefined, copies, findings, signal, rejected);
}

/**
 * Checks one object in each region.
 * @param writtenAt the recorded time of the primary region's object: an object of this time has not changed since
 * @returns the correct objects in the order of the regions, undefined for the others
 */
async function checkObject(
  key: string,
  wanted: ExpectedObject,
  writtenAt: Date | undefined,
  copies: readonly RegionCopy[],
  findings: readonly Findings[],
  signal: AbortSignal,
  rejected: ReadonlySet<RegionCopy> = new Set(),
): Promise<(Reference | undefined)[]> {
  const all = await Promise.all(
    copies.map((copy, at) => findObject(copy, findings[at] as Findings, key, signal)),
  );
  const candidates = all.filter(({ copy }) => !rejected.has(copy));
  const reference = await findReference(candidates, wanted, writtenAt, signal);
  return Promise.all(
    all.map(async ({ copy, findings: own, place, object }): Promise<Reference | undefined> => {
      if (!own.isReachable || rejected.has(copy)) return undefined;
      try {
        const other = reference?.place === place ? undefined : reference;
        const fault = await faultOf(place, object, wanted, other, signal);
        if (fault !== undefined) own.add(fault);
        else if (object !== undefined) return { place, object, region: copy.region };
      } catch (error) {
        signal.throwIfAborted();
        own.fail(error);
      }
      return undefined;
    }),
  );
}

async function findObject(
  copy: RegionCopy,
  findings: Findings,
  key: string,
  signal: AbortSignal,
): Promise<FoundObject> {
  const place = { store: copy.store, bucket: copy.bucket, key };
  let object: StoredObject | undefined;
  try {
    object = await headObject(place, signal);
    if (object !== undefined) findings.holdsSome = true;
  } catch (error) {
    signal.throwIfAborted();
    findings.fail(error);
  }
  return { copy, findings, place, object };
}

/** The reference for comparisons: an object that has not changed since its upload, otherwise the first object without a fault. */
async function findReference(
  candidates: readonly FoundObject[],
  wanted: ExpectedObject,
  writtenAt: Date | undefined,
  signal: AbortSignal,
): Promise<Reference | undefined> {
  let first: Reference | undefined;
  for (const [at, { copy, place, object }] of candidates.entries()) {
    if (object === undefined) continue;
    if ((await faultOf(place, object, wanted, undefined, signal)) !== undefined) continue;
    const found = { place, object, region: copy.region };
    const isUnchanged =
      at === 0 && writtenAt !== undefined && wholeSecond(object.lastModified) === wholeSecond(writtenAt);
    if (isUnchanged || object.facts?.sha256 !== undefined) return found;
    first ??= found;
  }
  return first;
}
