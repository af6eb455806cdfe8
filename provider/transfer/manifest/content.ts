import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { manifestLine } from "../../../staging/manifest.ts";
import { MIB } from "../../../staging/units.ts";
import { digestLocalFile } from "../hash/parts.ts";
import { type DirectoryOptions, findDirectory } from "../source/directory.ts";
import { findFile } from "../source/file.ts";
import type { LocalFile, SourceEntry } from "../source/source.ts";
import { manifestFile } from "./file.ts";

/** Bytes that a thread hashes for one message. */
const SECTION = 8 * MIB;
/** Files to hash concurrently. */
const CONCURRENCY = 8;

/**
 * The SHA-256 that the record of a local source would have: the SHA-256 of a file, or that of a directory's manifest. It reads every
 * byte and sends none.
 * @param location an absolute path
 * @returns lower-case hex
 * @throws SourceChangedError if the source changes during the read
 */
export async function contentSha256(location: string, options: DirectoryOptions): Promise<string> {
  const { signal, threads } = options;
  if (!(await stat(location)).isDirectory()) {
    return await fileSha256((await findFile(location, { threads })).file, signal);
  }
  const source = await findDirectory(location, options);
  const hash = createHash("sha256").update(manifestLine({ version: 1, kind: "directory" }));
  const waiting: Promise<string>[] = [];
  const takeOne = async (): Promise<void> => {
    hash.update((await waiting.shift()) ?? "");
  };
  for await (const entry of source.entries(signal)) {
    const line = lineOf(entry, signal);
    line.catch(() => undefined); // `takeOne` throws it
    waiting.push(line);
    if (waiting.length >= CONCURRENCY) await takeOne();
  }
  while (waiting.length > 0) await takeOne();
  return hash.digest("hex");
}

async function lineOf(entry: SourceEntry, signal: AbortSignal): Promise<string> {
  if (entry.type !== "file") return manifestLine(entry);
  return manifestLine(manifestFile(entry, await fileSha256(entry as LocalFile, signal)));
}

const fileSha256 = async (file: LocalFile, signal: AbortSignal): Promise<string> =>
  (await digestLocalFile(file, SECTION, signal)).sha256;
