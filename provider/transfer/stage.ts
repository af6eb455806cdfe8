import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Tags } from "../../staging/classes.ts";
import { manifestKey, NO_SHA256, objectKey } from "../../staging/manifest.ts";
import type { StagedDataOutputs } from "../../staging/resources/staged-data.ts";
import { isoSeconds } from "../../staging/ttl.ts";
import type { ProgressReporter } from "../flow/progress.ts";
import { ensureTags } from "../store/tagging.ts";
import { ageingTags } from "./copy/ageing-tags.ts";
import { stageCopy } from "./copy/stage.ts";
import { abortUploads } from "./delete.ts";
import { type TreeTarget, treePrefix } from "./entry/listing.ts";
import { putFileManifest } from "./entry/manifest.ts";
import { stageTree } from "./entry/tree.ts";
import { manifestFile } from "./manifest/file.ts";
import { refuse } from "./source/error.ts";
import { findFile } from "./source/file.ts";
import type { DirectorySource, FileSource, FindOptions, Source } from "./source/source.ts";
import { type StageOptions as FileOptions, stageLocalFile } from "./upload/upload.ts";

export type { Source } from "./source/source.ts";

interface StageTarget extends Omit<TreeTarget, "tags"> {
  /** The tags of an object that is created at `begun`. Later objects get a shorter TTL class. */
  readonly tags: Tags;
  readonly begun: Date;
}

interface StageOptions extends Omit<FileOptions, "report"> {
  /** Starts the progress of a phase. */
  report(
    phase: "upload" | "verify" | "copy",
    totals: { readonly total: number; readonly objectsTotal: number },
  ): ProgressReporter;
  /** Called with a message for the user if the source has changed since an interrupted upload. */
  onChanges(message: string): void;
}

/** The outputs of the resource that describe the staged data. */
type Staged = Pick<
  StagedDataOutputs,
  | "filename"
  | "kind"
  | "key"
  | "manifestKey"
  | "sizeBytes"
  | "fileCount"
  | "sha256"
  | "manifestSha256"
  | "partSizeBytes"
  | "uploadedAt"
>;

/**
 * Finds and measures a source, and checks that all of it can be staged.
 * @param location an absolute path, or an `s3://` URL
 * @throws InputError if the source does not exist, cannot be read, or contains an entry that cannot be staged. The error names it
 */
export async function findSource(location: string, options: FindOptions): Promise<Source> {
  if (location.startsWith("s3://")) {
    const { findS3Source } = await import("./source/s3.ts");
    return findS3Source(location, options);
  }
  const path = resolve(location);
  const found = await stat(path).catch((error: unknown) => refuse(path, error));
  if (found.isDirectory()) {
    const { findDirectory } = await import("./source/directory.ts");
    return findDirectory(path, options);
  }
  return findFile(path, options);
}

/**
 * Stages the bytes of a source and the manifest into an entry. It verifies the objects of an earlier attempt instead of sending
 * them again.
 */
export async function stage(source: Source, target: StageTarget, options: StageOptions): Promise<Staged> {
  const own = { ...target, tags: ageingTags(target.tags, target.begun) };
  const { filename, kind } = source;
  const facts =
    kind === "file" ? await stageOne(source, own, options) : await stageMany(source, own, options);
  return { filename, kind, ...facts, manifestKey: manifestKey(target.stagingId) };
}

type Facts = Omit<Staged, "filename" | "kind" | "manifestKey">;

async function stageOne({ file }: FileSource, target: TreeTarget, options: StageOptions): Promise<Facts> {
  const { stagingId } = target;
  const key = objectKey(stagingId, file.path);
  const place = { ...target, tags: target.tags(), key };
  const fileOptions: FileOptions = {
    ...options,
    report: (phase) => options.report(phase, { total: file.size, objectsTotal: 1 }),
  };
  const staged = await (file.from === "s3"
    ? stageCopy(file, place, true, fileOptions)
    : stageLocalFile(file, place, true, fileOptions));
  // Some servers drop the tags of a multipart upload.
  await ensureTags(place, target.tags(staged.lastModified), options.signal);
  // Earlier attempts may have left uploads of this key, and S3 bills their parts.
  await abortUploads(target.store, target.bucket, key, options.signal, key);
  const manifestSha256 = await putFileManifest(
    manifestFile(file, staged.sha256),
    { ...target, key: manifestKey(stagingId) },
    options.signal,
  );
  return {
    key,
    sizeBytes: file.size,
    fileCount: 1,
    sha256: staged.sha256 ?? NO_SHA256,
    manifestSha256,
    partSizeBytes: staged.partSize,
    uploadedAt: isoSeconds(staged.lastModified),
  };
}

async function stageMany(source: DirectorySource, target: TreeTarget, options: StageOptions): Promise<Facts> {
  const totals = { total: source.sizeBytes, objectsTotal: source.fileCount };
  const progress = options.report("upload", totals);
  const fileProgress = {
    add: (bytes: number) => progress.add(bytes),
    objectDone: () => progress.objectDone(),
    finish: () => {},
  };
  const staged = await stageTree(source, target, { ...options, report: () => fileProgress });
  progress.finish();
  if (staged.changes !== undefined) options.onChanges(staged.changes);
  return {
    key: treePrefix(source, target),
    ...{ sizeBytes: source.sizeBytes, fileCount: source.fileCount },
    sha256: options.noSha256 === true ? NO_SHA256 : staged.manifestSha256,
    manifestSha256: staged.manifestSha256,
    partSizeBytes: staged.partSize,
    uploadedAt: isoSeconds(staged.firstModified),
  };
}
