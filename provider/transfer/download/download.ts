import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, rename, rm, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isDenied, isNotFound } from "../../../connection/errors/kinds.ts";
import { UserError } from "../../../staging/errors.ts";
import { type ManifestEntry, type ManifestFile, parseManifest } from "../../../staging/manifest.ts";
import { forEachParallel } from "../../flow/parallel.ts";
import type { DataPlane } from "../data-plane.ts";
import { downloadForbidden } from "../source/forbidden.ts";
import { ManifestCopy } from "../verify/manifest-copy.ts";
import { checksumMismatch } from "../verify/mismatch.ts";
import type { Expected, RegionCopy } from "../verify/region.ts";
import { downloadFile, missingObject } from "./file.ts";
import { parentOf } from "./folders.ts";
import { type DownloadPlan, planDownload } from "./plan.ts";

/** Small files wait for responses, large files for memory of the pool. */
const FILES_IN_FLIGHT = 32;

export interface DownloadRequest {
  readonly expected: Pick<Expected, "stagingId" | "kind" | "key" | "manifestKey" | "manifestSha256">;
  readonly copy: RegionCopy;
  /** The path of the file, or of the directory for the entry's files. */
  readonly path: string;
  /** Whether to replace existing files that differ. */
  readonly force: boolean;
}

interface DownloadOptions {
  readonly plane: DataPlane;
  readonly signal: AbortSignal;
  /** Called with the bytes that were downloaded or already existed; negative if they are read again. */
  onBytes(bytes: number): void;
  onObject(): void;
}

export interface Downloaded {
  readonly files: number;
  readonly bytes: number;
  /** The files and bytes of these that this run downloaded. */
  readonly downloadedFiles: number;
  readonly downloadedBytes: number;
  readonly replacedFiles: number;
  /** Files without a recorded SHA-256: only their sizes were verified. */
  readonly unverifiedFiles: number;
}

/**
 * Downloads an entry from one region, and verifies every file with the manifest. First it compares the existing files, and refuses if
 * it must not replace them. Then it downloads the missing files, each under a temporary name. After an interruption, the same request
 * resumes the download.
 * @throws InputError if an existing file or folder is in the way; nothing has changed then
 * @throws UserError if data are missing or differ
 */
export async function download(request: DownloadRequest, options: DownloadOptions): Promise<Downloaded> {
  const { expected, path } = request;
  const isFile = expected.kind === "file";
  const [root, nameOf] = isFile ? [dirname(path), () => basename(path)] : [path, (name: string) => name];
  const manifest = await readManifest(request, options.signal);
  try {
    const entries = () => entriesIn(manifest.path, expected.kind);
    const plan = await planDownload(root, entries(), nameOf, {
      signal: options.signal,
      force: request.force,
      onKept: (bytes) => {
        options.onBytes(bytes);
        options.onObject();
      },
    });
    await plan.folders.make("");
    const done = await downloadFiles(request, entries(), { plan, root, nameOf }, options);
    await makeLinks(root, plan);
    for (const [name, mode] of plan.emptyFolders) {
      if (await plan.folders.make(name)) await chmod(join(root, name), mode);
    }
    return {
      ...{ files: plan.files, bytes: plan.bytes, ...done },
      replacedFiles: plan.replaced.size,
      unverifiedFiles: plan.unhashed,
    };
  } finally {
    await manifest.delete();
  }
}

async function downloadFiles(
  { expected, copy }: DownloadRequest,
  entries: AsyncIterable<ManifestEntry>,
  { plan, root, nameOf }: { plan: DownloadPlan; root: string; nameOf: (path: string) => string },
  options: DownloadOptions,
): Promise<{ downloadedFiles: number; downloadedBytes: number }> {
  let downloadedFiles = 0;
  let downloadedBytes = 0;
  async function* missing(): AsyncGenerator<ManifestFile, void, void> {
    for await (const entry of entries) {
      if (entry.type !== "file") continue;
      const name = nameOf(entry.path);
      if (!plan.kept.has(name)) yield entry;
      // The content is equal, but the permissions may differ.
      else await chmod(join(root, name), Number.parseInt(entry.mode, 8));
    }
  }
  await forEachParallel(missing, FILES_IN_FLIGHT, options.signal, async (entry, signal) => {
    const name = nameOf(entry.path);
    await plan.folders.make(parentOf(name));
    const key = expected.kind === "file" ? expected.key : expected.key + entry.path;
    const file = {
      place: { store: copy.store, bucket: copy.bucket, key },
      path: join(root, name),
      size: entry.size,
      sha256: entry.sha256,
      mode: Number.parseInt(entry.mode, 8),
      replace: plan.replaced.has(name),
    };
    await downloadFile(file, { plane: options.plane, signal, onBytes: (bytes) => options.onBytes(bytes) });
    downloadedFiles += 1;
    downloadedBytes += entry.size;
    options.onObject();
  });
  return { downloadedFiles, downloadedBytes };
}

/** Creates each link under a temporary name and renames it, so that a replaced file or link is never missing. */
async function makeLinks(root: string, { links, folders }: DownloadPlan): Promise<void> {
  for (const [path, target] of links) {
    await folders.make(parentOf(path));
    const full = join(root, path);
    const temporary = join(dirname(full), `.spawn-link-${randomBytes(6).toString("hex")}`);
    await symlink(target, temporary);
    try {
      await rename(temporary, full);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }
}

async function* entriesIn(
  manifest: string,
  kind: Expected["kind"],
): AsyncGenerator<ManifestEntry, void, void> {
  const { header, entries } = await parseManifest(createReadStream(manifest));
  let count = 0;
  for await (const entry of entries) {
    count += 1;
    if (header.kind !== kind || (kind === "file" && (entry.type !== "file" || count > 1))) {
      throw new UserError("the manifest does not belong to the record", {
        why: `The record is of a ${kind}; the manifest is not.`,
      });
    }
    yield entry;
  }
}

/** Downloads the manifest and verifies it before its first use. */
async function readManifest({ expected, copy }: DownloadRequest, signal: AbortSignal): Promise<ManifestCopy> {
  const place = { store: copy.store, bucket: copy.bucket, key: expected.manifestKey };
  const verify = (sha256: string): void => {
    if (sha256 === expected.manifestSha256) return;
    throw checksumMismatch(copy.bucket, place.key, "it is not the recorded manifest.");
  };
  try {
    return await ManifestCopy.read(place, verify, signal);
  } catch (error) {
    if (isDenied(error)) throw downloadForbidden(`s3://${place.bucket}/${place.key}`, 1, {});
    throw isNotFound(error) ? missingObject(place) : error;
  }
}
