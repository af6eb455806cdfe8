import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { manifestLine } from "../../../staging/manifest.ts";
import { MIB } from "../../../staging/units.ts";
import { type DirectoryOptions, findDirectory } from "../source/directory.ts";
import { findFile } from "../source/file.ts";
import type { LocalFile, SourceEntry } from "../source/source.ts";
import { manifestFile } from "../upload/tree.ts";
import { digestLocalFile } from "./parts.ts";

/** Bytes that are hashed by one message to a thread. */
const SECTION = 8 * MIB;
/** Files that are hashed at once. */
const SIDE_BY_SIDE = 8;

/**
 * The SHA-256 that the record of a local source would have: of a file its own, of a directory its manifest's. It reads every byte
 * and sends none.
 * @param location an absolute path
 * @returns lower-case hex
 * @throws SourceChangedError when something in it changes meanwhile
 */
export async function contentSha256(location: string, options: DirectoryOptions): Promise<string> {
  const { signal } = options;
  if (!(await stat(location)).isDirectory()) {
    return await fileSha256((await findFile(location)).file, signal);
  }
  const source = await findDirectory(location, options);
  const hash = createHash("sha256").update(manifestLine({ version: 1, kind: "directory" }));
  const waiting: Promise<string>[] = [];
  const takeOne = async (): Promise<void> => {
    hash.update((await waiting.shift()) ?? "");
  };
  for await (const entry of source.entries(signal)) {
    const line = lineOf(entry, signal);
    line.catch(() => undefined); // thrown when its turn comes
    waiting.push(line);
    if (waiting.length >= SIDE_BY_SIDE) await takeOne();
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
