import { Fingerprint } from "./source/fingerprint.ts";
import type { FindOptions, Source, SourceEntry } from "./source/source.ts";
import { findSource } from "./stage.ts";

export interface MeasuredSource {
  readonly source: Source;
  /** Bytes of all files. */
  readonly sizeBytes: number;
  readonly fileCount: number;
  /** A digest of the names, sizes, permissions and times of its files, or of their ETags; lower-case hex. */
  readonly version: string;
  /** The latest ctime of its files, which programs cannot set, in milliseconds since 1970; undefined for a source on S3. */
  readonly changedMs: number | undefined;
}

/** Finds a source and its version, without reading it. @throws InputError as `findSource` does */
export async function measureSource(
  location: string,
  options: Omit<FindOptions, "onEntry">,
): Promise<MeasuredSource> {
  const fingerprint = new Fingerprint();
  let changedMs: number | undefined;
  const onEntry = (entry: SourceEntry): void => {
    fingerprint.add(entry);
    if (entry.type === "file" && entry.from === "local")
      changedMs = Math.max(changedMs ?? 0, entry.changedMs);
  };
  const source = await findSource(location, { ...options, onEntry });
  if (source.kind === "file") onEntry({ ...source.file, path: "" }); // The name may be chosen by the user.
  const size =
    source.kind === "file"
      ? { sizeBytes: source.file.size, fileCount: 1 }
      : { sizeBytes: source.sizeBytes, fileCount: source.fileCount };
  return { source, ...size, version: fingerprint.end(), changedMs };
}
