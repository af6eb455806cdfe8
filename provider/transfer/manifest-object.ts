import { readFile } from "node:fs/promises";
import { type ManifestFile, manifestLine } from "../../staging/manifest.ts";
import { DEFAULT_PART_BYTES } from "../../staging/part-size.ts";
import { FileDigest } from "./digest.ts";
import type { ManifestSpool } from "./manifest-spool.ts";
import { findFile } from "./source-file.ts";
import { type StageOptions, stageFile } from "./stage-file.ts";
import { assertStored, headObject, holds } from "./stored.ts";
import { ensureTags } from "./tagging.ts";
import { putBody, type UploadTarget } from "./upload.ts";

const MANIFEST_CONTENT_TYPE = "application/x-ndjson";

/** Writes the manifest of a single file, unless it is there already. @returns its SHA-256, lower-case hex */
export async function putFileManifest(
  file: ManifestFile,
  target: UploadTarget,
  signal: AbortSignal,
): Promise<string> {
  return putManifest(
    Buffer.from(manifestLine({ version: 1, kind: "file" }) + manifestLine(file)),
    target,
    signal,
  );
}

/** Writes the manifest of a directory, unless it is there already; a large one in parts. */
export async function putSpooledManifest(
  spool: ManifestSpool,
  target: UploadTarget,
  options: Pick<StageOptions, "pool" | "signal">,
): Promise<void> {
  const { file } = await findFile(spool.path);
  if (file.size <= DEFAULT_PART_BYTES) {
    await putManifest(await readFile(spool.path), target, options.signal);
  } else {
    // Its bytes are not the user's.
    const unseen = { add: () => {}, objectDone: () => {}, finish: () => {} };
    await stageFile(
      file,
      { ...target, contentType: MANIFEST_CONTENT_TYPE },
      { ...options, report: () => unseen },
    );
  }
}

async function putManifest(body: Buffer, target: UploadTarget, signal: AbortSignal): Promise<string> {
  const digest = new FileDigest();
  digest.add(body);
  const found = await headObject(target, signal);
  if (found === undefined || holds(found, body.length, digest) !== "yes") {
    await putBody(body, digest, MANIFEST_CONTENT_TYPE, target, signal);
    await assertStored(target, body.length, digest, signal);
  }
  await ensureTags(target, target.tags, signal);
  return digest.sha256;
}
