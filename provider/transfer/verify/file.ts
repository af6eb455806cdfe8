import { type ExpectedObject, faultOf, type Reference, wholeSecond } from "./object.ts";
import { type Expected, Findings, type RegionCopy } from "./region.ts";
import { headObject, type ObjectPlace, type StoredObject } from "./stored.ts";

/** One object as each region has it. Its findings say where the region could not be asked. */
interface Look {
  readonly copy: RegionCopy;
  readonly findings: Findings;
  readonly place: ObjectPlace;
  readonly object: StoredObject | undefined;
}

/** Looks at a single file and its manifest: two HEAD requests a region. */
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
 * @param rejected regions whose manifest has other content than its metadata say: no other manifest is compared with it
 * @returns the places of the manifests that are what was staged, with their objects, in the order of the regions
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
 * @param writtenAt when the primary region's object was written, where that is recorded: it has not changed since
 * @returns the objects that are what was staged, in the order of the regions
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
  const looks = await Promise.all(
    copies.map((copy, at) => look(copy, findings[at] as Findings, key, signal)),
  );
  const candidates = looks.filter(({ copy }) => !rejected.has(copy));
  const reference = await findReference(candidates, wanted, writtenAt, signal);
  return Promise.all(
    looks.map(async ({ copy, findings: own, place, object }): Promise<Reference | undefined> => {
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

async function look(copy: RegionCopy, findings: Findings, key: string, signal: AbortSignal): Promise<Look> {
  const place = { client: copy.client, bucket: copy.bucket, key };
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

/** The object that the others are compared with: one that has not changed since its upload, else the first that may be right. */
async function findReference(
  looks: readonly Look[],
  wanted: ExpectedObject,
  writtenAt: Date | undefined,
  signal: AbortSignal,
): Promise<Reference | undefined> {
  let first: Reference | undefined;
  for (const [at, { copy, place, object }] of looks.entries()) {
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
