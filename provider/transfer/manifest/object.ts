import { readFile } from "node:fs/promises";
import { type ManifestFile, manifestLine } from "../../../staging/manifest.ts";
import { DEFAULT_PART_BYTES } from "../../../staging/part-size.ts";
import { ensureTags } from "../../store/tagging.ts";
import { FileDigest } from "../hash/digest.ts";
import { findFile } from "../source/file.ts";
import { type StageOptions, stageFile } from "../upload/file.ts";
import { putBody, type UploadTarget } from "../upload/upload.ts";
import { assertStored, headObject, holds } from "../verify/stored.ts";
import type { ManifestSpool } from "./spool.ts";

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
