import { type ManifestFile, type ManifestHeader, manifestLine } from "../../staging/manifest.ts";
import { FileDigest } from "./digest.ts";
import { assertStored, headObject, holds } from "./stored.ts";
import { ensureTags } from "./tagging.ts";
import { putBuffer, type UploadTarget } from "./upload.ts";

const MANIFEST_CONTENT_TYPE = "application/x-ndjson";

/** Writes the entry's manifest, unless it is there already. @returns its SHA-256, lower-case hex */
export async function putManifest(
  header: ManifestHeader,
  files: readonly ManifestFile[],
  target: UploadTarget,
  signal: AbortSignal,
): Promise<{ sha256: string }> {
  const body = Buffer.from([header, ...files].map(manifestLine).join(""));
  const digest = new FileDigest();
  digest.add(body);
  const found = await headObject(target, signal);
  if (found === undefined || holds(found, body.length, digest) !== "yes") {
    await putBuffer(body, digest, MANIFEST_CONTENT_TYPE, target, signal);
    await assertStored(target, body.length, digest, signal);
  }
  await ensureTags(target, target.tags, signal);
  return { sha256: digest.sha256 };
}
