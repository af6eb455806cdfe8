import { createHash } from "node:crypto";
import { isNotFound } from "../../../connection/errors/kinds.ts";
import { NO_SHA256 } from "../../../staging/manifest.ts";
import { forEachParallel } from "../../flow/parallel.ts";
import { OBJECT_RETRIES, withRetry } from "../../store/retry.ts";
import {
  headObject,
  type ObjectPlace,
  type StoredObject,
  sameWholeChecksums,
  wholeSha256,
  withChecksums,
} from "../../store/stored-object.ts";
import { checkFile } from "./file.ts";
import { missing, wrongSha256, wrongSize } from "./object.ts";
import type { Expected, Findings, RegionCopy, RegionPresence } from "./region.ts";
import { checkTree, filesOf } from "./tree.ts";

const OBJECTS_IN_FLIGHT = 16;

interface VerifyOptions {
  readonly signal: AbortSignal;
  /** Called with the bytes of files compared in a region since the last call; negative if they are read again. */
  onBytes(region: string, bytes: number): void;
  onObject(region: string): void;
}

interface VerifiedFile {
  readonly key: string;
  readonly size: number | undefined;
  readonly sha256: string | undefined;
}

/**
 * Checks whether each region has the staged data, without reading them. A file takes two HEAD requests per region. A directory takes
 * one listing per region, and one read of the manifest. Objects with an unclear ETag or time take a HEAD request, up to a limit.
 * @param copies the primary region first
 * @returns one result for each copy, in their order; an unreachable region is a result, not an error
 */
export async function checkPresence(
  expected: Expected,
  copies: readonly RegionCopy[],
  signal: AbortSignal,
): Promise<RegionPresence[]> {
  const findings = await findingsOf(expected, copies, signal);
  return findings.map((each) => each.result());
}

function findingsOf(
  expected: Expected,
  copies: readonly RegionCopy[],
  signal: AbortSignal,
): Promise<readonly Findings[]> {
  const check = expected.kind === "file" ? checkFile : checkTree;
  return check(expected, copies, signal);
}

/**
 * Compares every byte of every region with the record. It reads each object in one region, unless S3 has a SHA-256 of the whole
 * object. It reads the object in another region only if S3 does not have the same checksum of both whole objects.
 * @returns one result for each copy, in their order; an unreachable region is a result, not an error
 */
export async function verifyPresence(
  expected: Expected,
  copies: readonly RegionCopy[],
  options: VerifyOptions,
): Promise<RegionPresence[]> {
  const { signal } = options;
  const findings = await findingsOf(expected, copies, signal);
  const regions = copies.map((copy, at) => ({ copy, own: findings[at] as Findings }));
  const manifest = { key: expected.manifestKey, size: undefined, sha256: expected.manifestSha256 };
  const silent = { ...options, onBytes: () => {}, onObject: () => {} };
  const whole = await verifyObject(manifest, regions, silent);
  await forEachParallel(
    () => verifiedFiles(expected, whole, signal),
    OBJECTS_IN_FLIGHT,
    signal,
    async (file, stop) => {
      await verifyObject(file, regions, { ...options, signal: stop });
    },
  );
  return findings.map((each) => each.result());
}

/** @param manifest a region that has the recorded manifest; without one, a directory has nothing to compare */
async function* verifiedFiles(
  { kind, key, sizeBytes, sha256, manifestKey, manifestSha256, fileCount }: Expected,
  manifest: RegionCopy | undefined,
  signal: AbortSignal,
): AsyncGenerator<VerifiedFile, void, void> {
  if (kind === "file") {
    yield { key, size: sizeBytes, sha256: sha256 === NO_SHA256 ? undefined : sha256 };
    return;
  }
  if (manifest === undefined) return;
  const place = { store: manifest.store, bucket: manifest.bucket, key: manifestKey };
  for await (const file of filesOf({ manifestSha256, fileCount }, { place }, signal)) {
    yield { key: key + file.path, size: file.size, sha256: file.sha256 };
  }
}

interface Region {
  readonly copy: RegionCopy;
  readonly own: Findings;
}

/** The first correct object: its checksums, and the SHA-256 of its bytes. */
interface Correct {
  readonly object: StoredObject;
  readonly sha256: string;
  readonly copy: RegionCopy;
}

/** @returns the first region with the staged object */
async function verifyObject(
  file: VerifiedFile,
  regions: readonly Region[],
  options: VerifyOptions,
): Promise<RegionCopy | undefined> {
  let correct: Correct | undefined;
  for (const { copy, own } of regions) {
    const { signal } = options;
    const place = { store: copy.store, bucket: copy.bucket, key: file.key };
    if (!own.isReachable) continue;
    try {
      const head = await headObject(place, signal);
      if (head === undefined) own.add(missing(place));
      else if (file.size !== undefined && head.size !== file.size) {
        own.add(wrongSize(place, head.size, file.size));
      } else {
        const object = await withChecksums(head, place, signal);
        const sha256 = await sha256Of(place, object, correct, copy.region, options);
        const wanted = file.sha256 ?? correct?.sha256 ?? sha256;
        if (sha256 !== wanted) own.add(wrongSha256(place));
        else correct ??= { object, sha256, copy };
      }
      options.onObject(copy.region);
    } catch (error) {
      signal.throwIfAborted();
      if (isNotFound(error)) own.add(missing(place));
      else own.fail(error);
    }
  }
  return correct?.copy;
}

/** The SHA-256 of an object, lower-case hex: from S3, from an object with the same checksum, or from a read. */
async function sha256Of(
  place: ObjectPlace,
  object: StoredObject,
  correct: Correct | undefined,
  region: string,
  options: VerifyOptions,
): Promise<string> {
  // S3's own SHA-256 replaces a read.
  const known = wholeSha256(object) ?? (correct && equalTo(object, correct));
  if (known !== undefined) {
    options.onBytes(region, object.size);
    return known;
  }
  return withRetry(() => readSha256(place, object, region, options), {
    signal: options.signal,
    ...OBJECT_RETRIES,
    retryable: (error) => !isNotFound(error),
  });
}

/** The other object's SHA-256, if S3 has the same checksum of both whole objects. */
function equalTo(object: StoredObject, correct: Correct): string | undefined {
  const isSame = object.size === correct.object.size && sameWholeChecksums(object, correct.object);
  return isSame ? correct.sha256 : undefined;
}

async function readSha256(
  { store, bucket, key }: ObjectPlace,
  { versionId }: StoredObject,
  region: string,
  { signal, onBytes }: VerifyOptions,
): Promise<string> {
  const hash = createHash("sha256");
  let read = 0;
  try {
    for await (const chunk of await store.get({ bucket, key, versionId }, signal)) {
      signal.throwIfAborted();
      hash.update(chunk);
      read += chunk.length;
      onBytes(region, chunk.length);
    }
    return hash.digest("hex");
  } catch (error) {
    onBytes(region, -read);
    throw error;
  }
}
