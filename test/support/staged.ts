import { createHash } from "node:crypto";
import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import type { SdkClient } from "../../provider/store/sdk-client.ts";
import { parseDestination } from "../../staging/destination.ts";
import { newStagingId } from "../../staging/ids.ts";
import {
  comparePaths,
  type ManifestEntry,
  type ManifestHeader,
  manifestKey,
  manifestLine,
} from "../../staging/manifest.ts";
import { parseRegionList } from "../../staging/regions.ts";

export const sha256Of = (bytes: Uint8Array | string): string =>
  createHash("sha256").update(bytes).digest("hex");

/** The file of a staged directory, or the single file. */
export interface StagedFile {
  readonly path: string;
  readonly text: string;
  readonly mode?: string;
  /** Without a SHA-256, as for a source on S3. */
  readonly isUnhashed?: boolean;
}

export type StagedEntry = Awaited<ReturnType<typeof stageTree>>;

/**
 * Writes an entry's objects and manifest to one bucket, including combinations that no upload would write.
 * @returns the record's part about them
 */
export async function stageTree(
  client: SdkClient,
  bucket: string,
  files: readonly StagedFile[],
  others: readonly ManifestEntry[] = [],
  { kind = "directory", filename = "data" }: { kind?: ManifestHeader["kind"]; filename?: string } = {},
) {
  const stagingId = newStagingId();
  const prefix = kind === "file" ? `${stagingId}/` : `${stagingId}/${filename}/`;
  const put = (Key: string, Body: string) =>
    client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Buffer.from(Body) }));
  const entries: ManifestEntry[] = files.map(({ path, text, mode = "644", isUnhashed = false }) => ({
    type: "file",
    path,
    size: Buffer.byteLength(text),
    ...(isUnhashed ? { etag: '"1-2"' } : { sha256: sha256Of(text) }),
    mode,
  }));
  const sorted = [...entries, ...others].sort((a, b) => comparePaths(a.path, b.path));
  const manifest = [manifestLine({ version: 1, kind }), ...sorted.map(manifestLine)].join("");
  for (const { path, text } of files) await put(prefix + path, text);
  await put(manifestKey(stagingId), manifest);
  return {
    stagingId,
    kind,
    filename,
    key: kind === "file" ? `${prefix}${filename}` : prefix,
    sizeBytes: files.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0),
    fileCount: files.length,
    manifestKey: manifestKey(stagingId),
    manifestSha256: sha256Of(manifest),
    regions: parseRegionList("us-east-1"),
    buckets: [bucket],
    destination: parseDestination("/nowhere/data"),
    keyOf: (path: string) => prefix + path,
    put: (path: string, text: string) => put(prefix + path, text),
    remove: (path: string) => client.send(new DeleteObjectCommand({ Bucket: bucket, Key: prefix + path })),
  };
}
