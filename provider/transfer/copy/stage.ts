import type { UserError } from "../../../staging/errors.ts";
import { copyPartSize } from "../../../staging/part-size.ts";
import { forEachParallel } from "../../flow/parallel.ts";
import { sameDescription } from "../../store/object-headers.ts";
import {
  headObject,
  headWithChecksums,
  type StoredObject,
  sameWholeChecksums,
  wholeSha256,
  withChecksums,
} from "../../store/stored-object.ts";
import type { FileDigest } from "../hash/digest.ts";
import { digestObject } from "../hash/s3-object.ts";
import { copiedMetadata } from "../source/kept-metadata.ts";
import { changeOf, problemOf, S3Reader } from "../source/s3-reader.ts";
import { type S3File, SourceChangedError } from "../source/source.ts";
import { DATA_CONTENT_TYPE, type UploadTarget } from "../upload/multipart.ts";
import type { StagedFile, StageOptions } from "../upload/upload.ts";
import { checksumMismatch } from "../verify/mismatch.ts";
import { holds } from "../verify/stored.ts";
import { copyObject } from "./copy.ts";

/**
 * Copies an S3 source into the entry server-side, and only the version that was found. It takes the SHA-256 from S3 if S3 has or
 * computes one of the whole object. Otherwise it reads the source once, during the copy.
 * @param mayExist whether the target may have the copy of an earlier attempt, which then stays
 * @throws SourceChangedError if the source is no longer the version that was found
 */
export async function stageCopy(
  file: S3File,
  target: UploadTarget,
  mayExist: boolean,
  options: StageOptions,
): Promise<StagedFile & { readonly lastModified: Date }> {
  const { plane, signal, noSha256 = false } = options;
  const progress = options.report("upload");
  const partSize = copyPartSize(file.size);
  const source = await describeSource(file, signal);
  const url = `s3://${file.place.bucket}/${file.place.key}`;
  if (source === undefined) throw new SourceChangedError(url, "vanished");
  if (source.etag !== file.etag) throw new SourceChangedError(url);

  const facts = { partSize, sourceEtag: file.etag };
  const metadata = copiedMetadata(source, facts, url, file.below);
  const headers = { contentType: DATA_CONTENT_TYPE, ...source.headers };
  const wanted = { ...source, metadata, headers, facts };

  const earlier = mayExist ? await findCopy(file, wanted, target, signal) : undefined;
  let digest: FileDigest | undefined;
  if (earlier === undefined) {
    // The copy request of a small object makes S3 compute the SHA-256.
    const isRead = !noSha256 && partSize > 0 && wholeSha256(source) === undefined;
    const tasks = [
      (stop: AbortSignal) =>
        copyObject({
          ...{ plane, source: file.place, object: wanted, destination: target, tags: target.tags },
          ...{ checksum: "SHA256", isCompared: !noSha256, signal: stop },
          onBytes: (bytes) => progress.add(bytes),
        }).catch((error: unknown) => {
          throw changeOf(error, url) ?? error;
        }),
      async (stop: AbortSignal) => {
        if (isRead) digest = await digestObject(file, partSize, plane, stop);
      },
    ];
    await forEachParallel(
      () => tasks,
      tasks.length,
      signal,
      (task, stop) => task(stop),
    );
  } else {
    progress.add(file.size);
  }
  const copied = earlier ?? (await headWithChecksums(target, signal));
  if (copied === undefined) throw copyDiffers(target);

  let verdict = compare(source, copied, digest);
  let sha256 =
    wholeSha256(source) ?? digest?.sha256 ?? (verdict === "same" ? wholeSha256(copied) : undefined);
  if (!noSha256 && (verdict === "unknown" || sha256 === undefined)) {
    digest ??= await digestObject(file, partSize, plane, signal);
    sha256 = digest.sha256;
    verdict = compare(source, copied, digest);
    // The server has no checksum to compare, so read the copy.
    if (verdict === "unknown")
      verdict = (await readBack(target, copied, options)) === sha256 ? "same" : "differs";
  }
  // With `noSha256`, `unknown` is accepted: the size is equal, and the server reported success.
  if (verdict === "differs") throw copyDiffers(target);
  progress.objectDone();
  progress.finish();
  const wasThere = earlier !== undefined;
  return { sha256: noSha256 ? undefined : sha256, partSize, wasThere, lastModified: copied.lastModified };
}

/** The source without its version ID. */
async function describeSource({ place }: S3File, signal: AbortSignal): Promise<StoredObject | undefined> {
  try {
    const found = await headObject(place, signal);
    // Requests for a version need s3:GetObjectVersion. The ETag pins the version with s3:GetObject alone.
    return found && (await withChecksums({ ...found, versionId: undefined }, place, signal));
  } catch (error) {
    throw problemOf(error, place) ?? error;
  }
}

async function findCopy(
  file: S3File,
  wanted: StoredObject,
  target: UploadTarget,
  signal: AbortSignal,
): Promise<StoredObject | undefined> {
  const found = await headWithChecksums(target, signal);
  const isCopy = found?.facts?.sourceEtag === file.etag && found.facts.partSize === copyPartSize(file.size);
  return isCopy && found.size === file.size && sameDescription(found, wanted) ? found : undefined;
}

/** Compares full-object checksums, else ETags, else the digest of the source. */
function compare(
  source: StoredObject,
  copied: StoredObject,
  digest: FileDigest | undefined,
): "same" | "differs" | "unknown" {
  if (source.size !== copied.size) return "differs";
  const isSame = sameWholeChecksums(source, copied);
  if (isSame !== undefined) return isSame ? "same" : "differs";
  if (source.etag !== "" && source.etag === copied.etag) return "same";
  if (digest === undefined) return "unknown";
  const sha256 = wholeSha256(copied);
  if (sha256 !== undefined) return sha256 === digest.sha256 ? "same" : "differs";
  const verdict = holds(copied, copied.size, digest);
  return verdict === "yes" ? "same" : verdict === "no" ? "differs" : "unknown";
}

async function readBack(target: UploadTarget, copied: StoredObject, options: StageOptions): Promise<string> {
  const { size, etag } = copied;
  const open = async () => new S3Reader(target, etag);
  const file: S3File = {
    ...{ type: "file", from: "s3", path: target.key, mode: "", place: target },
    ...{ size, etag, open },
  };
  return (await digestObject(file, copyPartSize(size), options.plane, options.signal)).sha256;
}

const copyDiffers = ({ bucket, key }: UploadTarget): UserError =>
  checksumMismatch(bucket, key, "the copy's size or checksum is not the source's.");
