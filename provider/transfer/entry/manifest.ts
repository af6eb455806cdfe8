import { readFile } from "node:fs/promises";
import { type ManifestFile, manifestLine } from "../../../staging/manifest.ts";
import { DEFAULT_PART_BYTES } from "../../../staging/part-size.ts";
import { headObject } from "../../store/stored-object.ts";
import { ensureTags } from "../../store/tagging.ts";
import type { AgeingTags } from "../copy/ageing-tags.ts";
import { abortUploads } from "../delete.ts";
import { FileDigest } from "../hash/digest.ts";
import type { ManifestSpool } from "../manifest/spool.ts";
import { findFile } from "../source/file.ts";
import type { UploadTarget } from "../upload/multipart.ts";
import { putBody, type StageOptions, stageLocalFile } from "../upload/upload.ts";
import { assertStored, holds } from "../verify/stored.ts";

const MANIFEST_CONTENT_TYPE = "application/x-ndjson";

interface ManifestTarget extends Omit<UploadTarget, "tags"> {
  readonly tags: AgeingTags;
}

/** Writes the manifest of a single file unless the bucket has an equal one. @returns its SHA-256, lower-case hex */
export async function putFileManifest(
  file: ManifestFile,
  target: ManifestTarget,
  signal: AbortSignal,
): Promise<string> {
  return putManifest(
    Buffer.from(manifestLine({ version: 1, kind: "file" }) + manifestLine(file)),
    target,
    signal,
  );
}

/** Writes the manifest of a directory unless the bucket has an equal one. A large manifest is a multipart upload. */
export async function putSpooledManifest(
  spool: ManifestSpool,
  target: ManifestTarget,
  options: Pick<StageOptions, "plane" | "signal">,
): Promise<void> {
  const { file } = await findFile(spool.path, { threads: options.plane.files });
  if (file.size <= DEFAULT_PART_BYTES) {
    await putManifest(await readFile(spool.path), target, options.signal);
  } else {
    // Progress counts the user's bytes only.
    const silent = { add: () => {}, objectDone: () => {}, finish: () => {} };
    const place = { ...target, tags: target.tags(), contentType: MANIFEST_CONTENT_TYPE };
    const { lastModified } = await stageLocalFile(file, place, true, { ...options, report: () => silent });
    await ensureTags(target, target.tags(lastModified), options.signal);
    await abortUploads(target.store, target.bucket, target.key, options.signal, target.key);
  }
}

async function putManifest(body: Buffer, target: ManifestTarget, signal: AbortSignal): Promise<string> {
  const digest = new FileDigest();
  digest.add(body);
  let found = await headObject(target, signal);
  if (found === undefined || holds(found, body.length, digest) !== "yes") {
    await putBody(body, digest, MANIFEST_CONTENT_TYPE, { ...target, tags: target.tags() }, signal);
    found = await assertStored(target, body.length, digest, signal);
  }
  await ensureTags(target, target.tags(found.lastModified), signal);
  return digest.sha256;
}
