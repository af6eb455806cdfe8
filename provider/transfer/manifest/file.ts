import type { ManifestFile } from "../../../staging/manifest.ts";
import type { SourceFile } from "../source/source.ts";

/**
 * The entry of a file for the manifest.
 * @param sha256 lower-case hex; may be absent for an object on S3, whose ETag then identifies its content
 */
export function manifestFile(file: SourceFile, sha256: string | undefined): ManifestFile {
  const { type, path, size, mode } = file;
  if (sha256 !== undefined) return { type, path, size, sha256, mode };
  if (file.from === "s3") return { type, path, size, etag: file.etag, mode };
  throw new Error(`${path} was staged without its SHA-256`);
}
