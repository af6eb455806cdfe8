import { createReadStream } from "node:fs";
import {
  comparePaths,
  entryPrefix,
  ManifestError,
  type ManifestFile,
  parseManifest,
} from "../../../staging/manifest.ts";
import { forEachParallel } from "../../flow/parallel.ts";
import type { ListedObject } from "../../store/object-store.ts";
import { headObject } from "../../store/stored-object.ts";
import { checkManifests } from "./file.ts";
import { ManifestCopy } from "./manifest-copy.ts";
import { faultOf, missing, type Reference, wholeSecond, wrongSize } from "./object.ts";
import { type Expected, type Fault, Findings, type RegionCopy } from "./region.ts";

/** The largest number of HEAD requests for objects with an unclear ETag or time. */
const MOST_SUSPECTS = 1_024;
/** The sample size of objects from the second in which the staging ended. */
const MOST_OF_LAST_SECOND = 64;
const HEADS_IN_FLIGHT = 32;

/**
 * Checks a directory: the manifests by HEAD requests, and the objects by one listing per region. It reads the listings in step with the
 * manifest, so memory does not grow with the number of objects.
 */
export async function checkTree(
  expected: Expected,
  copies: readonly RegionCopy[],
  signal: AbortSignal,
): Promise<Findings[]> {
  const rejected = new Map<RegionCopy, Fault>();
  // If a manifest's content does not match the record, try the manifest of the next region.
  for (;;) {
    const findings = copies.map((copy) => new Findings(copy));
    const manifests = await checkManifests(expected, copies, findings, signal, new Set(rejected.keys()));
    for (const [copy, fault] of rejected) findings[copies.indexOf(copy)]?.add(fault);
    const at = manifests.findIndex((each) => each !== undefined);
    const [manifest, from] = [manifests[at], copies[at]];
    if (manifest === undefined || from === undefined) {
      // Without a manifest there is nothing to compare. Only check whether there are objects to delete.
      await Promise.all(
        copies.map((copy, index) => findAny(expected, copy, findings[index] as Findings, signal)),
      );
      return findings;
    }
    const primary = manifests[0]?.object.lastModified;
    try {
      const doubts = await compareListings(expected, manifest, primary, copies, findings, signal);
      await checkDoubts(doubts, signal);
      return findings;
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error;
      const { bucket, key } = manifest.place;
      const why = `s3://${bucket}/${key} is not the recorded manifest: ${error.message}`;
      rejected.set(from, { state: "different", why, key });
    }
  }
}

async function checkDoubts(doubts: Doubts, signal: AbortSignal): Promise<void> {
  await forEachParallel(
    () => doubts.all(),
    HEADS_IN_FLIGHT,
    signal,
    async ({ file, copy, own, key, trusted }, stop) => {
      try {
        const place = { store: copy.store, bucket: copy.bucket, key };
        const [object, reference] = await Promise.all([
          headObject(place, stop),
          referenceTo(trusted, key, stop),
        ]);
        const fault = await faultOf(place, object, file, reference, stop);
        if (fault !== undefined) own.add(fault);
      } catch (error) {
        signal.throwIfAborted();
        own.fail(error);
      }
    },
  );
}

async function referenceTo(
  copy: RegionCopy | undefined,
  key: string,
  signal: AbortSignal,
): Promise<Reference | undefined> {
  if (copy === undefined) return undefined;
  const place = { store: copy.store, bucket: copy.bucket, key };
  const object = await headObject(place, signal);
  return object && { place, object, region: copy.region };
}

interface Doubt {
  readonly file: ManifestFile;
  readonly key: string;
  readonly copy: RegionCopy;
  readonly own: Findings;
  /** A region whose object has not changed since the staging. */
  readonly trusted: RegionCopy | undefined;
}

/** The objects that need a HEAD request, up to a limit for suspects and one for objects of the last second. */
class Doubts {
  readonly #suspects: Doubt[] = [];
  readonly #ofLastSecond: Doubt[] = [];

  add(doubt: Doubt, isSuspect: boolean): void {
    if (isSuspect && this.#suspects.length < MOST_SUSPECTS) this.#suspects.push(doubt);
    if (!isSuspect && this.#ofLastSecond.length < MOST_OF_LAST_SECOND) this.#ofLastSecond.push(doubt);
  }

  all(): Doubt[] {
    return [...this.#suspects, ...this.#ofLastSecond];
  }
}

async function compareListings(
  expected: Expected,
  manifest: Reference,
  /** The time of the primary region's manifest, which is written after the verification of all files. */
  sealedAt: Date | undefined,
  copies: readonly RegionCopy[],
  findings: readonly Findings[],
  signal: AbortSignal,
): Promise<Doubts> {
  const doubts = new Doubts();
  const sealed = sealedAt === undefined ? undefined : wholeSecond(sealedAt);
  const listings = copies.map((copy, at) => listingOf(expected, copy, findings[at] as Findings, signal));
  const [primary] = copies;
  for await (const file of filesOf(expected, manifest, signal)) {
    const key = expected.key + file.path;
    const found = await Promise.all(listings.map((listing) => listing.take(key)));
    const first = found[0];
    const age = first && sealed !== undefined ? wholeSecond(first.lastModified) - sealed : 1;
    const trusted = first !== undefined && first.size === file.size && age < 0 ? first : undefined;
    for (const [at, object] of found.entries()) {
      const [copy, own] = [copies[at] as RegionCopy, findings[at] as Findings];
      if (!own.isReachable) continue;
      const place = { bucket: copy.bucket, key };
      if (object === undefined) own.add(missing(place));
      else if (object.size !== file.size) own.add(wrongSize(place, object.size, file.size));
      else if (trusted === undefined)
        doubts.add({ file, key, copy, own, trusted: undefined }, age > 0 || !isAlike(object, first));
      else if (!isAlike(object, trusted)) doubts.add({ file, key, copy, own, trusted: primary }, true);
    }
  }
  await Promise.all(listings.map((listing) => listing.end()));
  return doubts;
}

const isAlike = (object: ListedObject, other: ListedObject | undefined): boolean =>
  object.etag !== "" && object.etag === other?.etag;

/**
 * The files that a manifest names, in the order of their keys. The metadata can be forged together with the content, so the digest is
 * compared before the first line is used.
 * @throws ManifestError if the content does not match the record
 */
export async function* filesOf(
  { manifestSha256, fileCount }: Pick<Expected, "manifestSha256" | "fileCount">,
  { place }: Pick<Reference, "place">,
  signal: AbortSignal,
): AsyncGenerator<ManifestFile, void, void> {
  const verify = (sha256: string): void => {
    if (sha256 !== manifestSha256) throw new ManifestError("it has another SHA-256 than was recorded");
  };
  const manifest = await ManifestCopy.read(place, verify, signal);
  try {
    const { entries } = await parseManifest(createReadStream(manifest.path));
    let files = 0;
    for await (const entry of entries) {
      if (entry.type !== "file") continue;
      files += 1;
      if (files > fileCount) throw new ManifestError(`it names more than the ${fileCount} staged files`);
      yield entry;
    }
  } finally {
    await manifest.delete();
  }
}

/** The listing of one region. Callers take keys in ascending order; every other object is a fault. */
function listingOf(
  { stagingId, manifestKey }: Expected,
  { store, bucket }: RegionCopy,
  findings: Findings,
  signal: AbortSignal,
) {
  const listed = store.listObjects({ bucket, prefix: entryPrefix(stagingId) }, signal);
  const objects = listed[Symbol.asyncIterator]();
  let next: ListedObject | undefined;
  let isOver = false;
  const peek = async (): Promise<ListedObject | undefined> => {
    if (next !== undefined || isOver) return next;
    try {
      const { value, done } = await objects.next();
      if (done === true) isOver = true;
      else {
        next = value;
        findings.holdsSome = true;
      }
    } catch (error) {
      signal.throwIfAborted();
      isOver = true;
      findings.fail(error);
    }
    return next;
  };
  const unexpected = ({ key }: ListedObject): void => {
    next = undefined;
    if (key === manifestKey) return;
    findings.add({ state: "different", why: `s3://${bucket}/${key} was not staged`, key });
  };
  return {
    async take(key: string): Promise<ListedObject | undefined> {
      for (let found = await peek(); found !== undefined; found = await peek()) {
        const order = comparePaths(found.key, key);
        if (order > 0) return undefined;
        if (order === 0) {
          next = undefined;
          return found;
        }
        unexpected(found);
      }
      return undefined;
    },

    /** Reports the objects after the last file. */
    async end(): Promise<void> {
      for (let found = await peek(); found !== undefined; found = await peek()) unexpected(found);
    },
  };
}

async function findAny(
  { stagingId }: Expected,
  { store, bucket }: RegionCopy,
  findings: Findings,
  signal: AbortSignal,
): Promise<void> {
  if (!findings.isReachable) return;
  try {
    for await (const _ of store.listObjects({ bucket, prefix: entryPrefix(stagingId) }, signal)) {
      findings.holdsSome = true;
      return;
    }
  } catch (error) {
    signal.throwIfAborted();
    findings.fail(error);
  }
}
