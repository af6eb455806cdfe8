import type { UserError } from "../../../staging/errors.ts";
import { copyPartSize } from "../../../staging/part-size.ts";
import { sameDescription } from "../../store/object-headers.ts";
import { forEachParallel } from "../flow/parallel.ts";
import { digestObject } from "../flow/reading.ts";
import type { FileDigest } from "../hash/digest.ts";
import { changeOf, problemOf, S3Reader } from "../source/s3-reader.ts";
import { type S3File, SourceChangedError } from "../source/source.ts";
import type { StagedFile, StageOptions } from "../upload/file.ts";
import { DATA_CONTENT_TYPE, type UploadTarget } from "../upload/multipart.ts";
import { checksumMismatch } from "../verify/mismatch.ts";
import { headObject, holds, type ObjectPlace, type StoredObject, withChecksums } from "../verify/stored.ts";
import { copyObject, sourceOf } from "./copy.ts";
import { copiedMetadata } from "./kept-metadata.ts";
import { sendCopy } from "./through-client.ts";

/**
 * Copies an object from elsewhere on S3 into the entry, server-side and only the version that was found. The SHA-256 is
 * S3's own where it has or makes one of the whole object; else the source is read once for it, beside the copy.
 * @param mayBeThere whether the target may hold the copy of an earlier attempt, which is taken over
 * @throws SourceChangedError when the source is not what was found any more
 */
export async function stageCopy(
  file: S3File,
  target: UploadTarget,
  mayBeThere: boolean,
  options: StageOptions,
): Promise<StagedFile & { readonly lastModified: Date }> {
  const { signal, noSha256 = false } = options;
  const progress = options.report("upload");
  const partSize = copyPartSize(file.size);
  const source = await describe(file.place, signal).catch((error: unknown) => {
    throw problemOf(error, file.place) ?? error;
  });
  if (source === undefined) throw new SourceChangedError(urlOf(file.place), "vanished");
  if (source.etag !== file.etag) throw new SourceChangedError(urlOf(file.place));

  const metadata = copiedMetadata(source, factsOf(file), urlOf(file.place), file.below);
  const wanted = { ...source, metadata, headers: { contentType: DATA_CONTENT_TYPE, ...source.headers } };

  const earlier = mayBeThere ? await findCopy(file, wanted, target, signal) : undefined;
  let digest: FileDigest | undefined;
  if (earlier === undefined) {
    // Of a small one S3 is asked for the SHA-256 of the copy that it makes.
    const isRead = !noSha256 && partSize > 0 && sha256Of(source) === undefined;
    const tasks = [
      (stop: AbortSignal) => copy(file, wanted, target, !noSha256, stop, (bytes) => progress.add(bytes)),
      async (stop: AbortSignal) => {
        if (isRead) digest = await digestObject(file, partSize, options.pool, stop);
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
  const copied = earlier ?? (await describe(target, signal));
  if (copied === undefined) throw copyDiffers(target);

  let verdict = compare(source, copied, digest);
  let sha256 = sha256Of(source) ?? digest?.sha256 ?? (verdict === "same" ? sha256Of(copied) : undefined);
  if (!noSha256 && (verdict === "unknown" || sha256 === undefined)) {
    digest ??= await digestObject(file, partSize, options.pool, signal);
    sha256 = digest.sha256;
    verdict = compare(source, copied, digest);
    // The server has nothing to compare, so the copy is read.
    if (verdict === "unknown")
      verdict = (await readBack(target, copied, options)) === sha256 ? "same" : "differs";
  }
  // Without a SHA-256, and where the server has nothing else to compare, its word and the size must do.
  if (verdict === "differs") throw copyDiffers(target);
  progress.objectDone();
  progress.finish();
  const wasThere = earlier !== undefined;
  return { sha256: noSha256 ? undefined : sha256, partSize, wasThere, lastModified: copied.lastModified };
}

async function describe(place: ObjectPlace, signal: AbortSignal): Promise<StoredObject | undefined> {
  const found = await headObject(place, signal);
  return found && withChecksums(found, place, signal);
}

const factsOf = (file: S3File) => ({ partSize: copyPartSize(file.size), sourceEtag: file.etag });

async function findCopy(
  file: S3File,
  wanted: StoredObject,
  target: UploadTarget,
  signal: AbortSignal,
): Promise<StoredObject | undefined> {
  const found = await describe(target, signal);
  const isCopy = found?.facts?.sourceEtag === file.etag && found.facts.partSize === copyPartSize(file.size);
  return isCopy && found.size === file.size && sameDescription(found, wanted) ? found : undefined;
}

/**
 * @param source with the metadata and headers of the copy
 * @param isCompared whether the copy is compared with its source in any case
 */
async function copy(
  file: S3File,
  source: StoredObject,
  target: UploadTarget,
  isCompared: boolean,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const facts = factsOf(file);
  try {
    if (facts.partSize > 0) {
      const from = { ...file.place, object: { ...source, facts } };
      await copyObject(from, target, { tags: target.tags, isCompared, signal, onBytes });
      return;
    }
    const { size, place } = file;
    const { headers, metadata, versionId } = source;
    const input = {
      ...{ bucket: target.bucket, key: target.key, description: { headers, metadata }, tags: target.tags },
      source: sourceOf(place, { versionId, ifMatch: file.etag }),
      checksum: "SHA256" as const,
    };
    await sendCopy({ source: place, size, destination: target.client, signal }, input);
    onBytes(file.size);
  } catch (error) {
    throw changeOf(error, urlOf(file.place)) ?? error;
  }
}

/** By what can be compared: checksums of the whole objects, ETags, and what was read of the source. */
function compare(
  source: StoredObject,
  copied: StoredObject,
  digest: FileDigest | undefined,
): "same" | "differs" | "unknown" {
  if (source.size !== copied.size) return "differs";
  const common = [...source.checksums].filter(
    ([kind]) => kind.endsWith("/FULL_OBJECT") && copied.checksums.has(kind),
  );
  if (common.length > 0) {
    return common.every(([kind, value]) => copied.checksums.get(kind) === value) ? "same" : "differs";
  }
  if (source.etag !== "" && source.etag === copied.etag) return "same";
  if (digest === undefined) return "unknown";
  const sha256 = sha256Of(copied);
  if (sha256 !== undefined) return sha256 === digest.sha256 ? "same" : "differs";
  const held = holds(copied, copied.size, digest);
  return held === "yes" ? "same" : held === "no" ? "differs" : "unknown";
}

/** The SHA-256 of the whole object that S3 computed, as lower-case hex. */
function sha256Of({ checksums }: StoredObject): string | undefined {
  const found = checksums.get("SHA256/FULL_OBJECT");
  return found === undefined ? undefined : Buffer.from(found, "base64").toString("hex");
}

async function readBack(target: UploadTarget, copied: StoredObject, options: StageOptions): Promise<string> {
  const { size, etag } = copied;
  const open = async () => new S3Reader(target, etag);
  const file: S3File = {
    ...{ type: "file", from: "s3", path: target.key, mode: "", place: target },
    ...{ size, etag, open },
  };
  return (await digestObject(file, copyPartSize(size), options.pool, options.signal)).sha256;
}

const urlOf = ({ bucket, key }: ObjectPlace): string => `s3://${bucket}/${key}`;

const copyDiffers = ({ bucket, key }: UploadTarget): UserError =>
  checksumMismatch(bucket, key, "the copy's size or checksum is not the source's.");
