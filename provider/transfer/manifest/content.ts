import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { type ManifestEntry, manifestLine } from "../../../staging/manifest.ts";
import { MIB } from "../../../staging/units.ts";
import { digestLocalFile } from "../hash/parts.ts";
import { type DirectoryOptions, findDirectory } from "../source/directory.ts";
import { findFile, permissionsOf } from "../source/file.ts";
import type { LocalFile, SourceEntry } from "../source/source.ts";
import { manifestFile } from "./file.ts";

/** Bytes that a thread hashes for one message. */
const SECTION = 8 * MIB;
/** Files to hash concurrently. */
const CONCURRENCY = 8;

/** Git keeps only the executable bit; the umask of a machine decides the other permissions of a checkout. IDs follow from the first one. */
const UMASKS = [0o022, 0o002, 0o000, 0o077, 0o027, 0o007] as const;

/** Lower-case hex. */
interface ContentHashes {
  /** The SHA-256 that the record of the source would have: that of a file, or that of a directory's manifest. */
  readonly sha256: string;
  /** The same for a directory's checkout under each common umask: every machine computes the same list. */
  readonly checkouts: readonly string[];
}

/**
 * The hashes of a local source. It reads every byte once, and sends none.
 * @param location an absolute path
 * @throws SourceChangedError if the source changes during the read
 */
export async function hashContent(location: string, options: DirectoryOptions): Promise<ContentHashes> {
  const { signal, threads } = options;
  if (!(await stat(location)).isDirectory()) {
    const sha256 = await fileSha256((await findFile(location, { threads })).file, signal);
    return { sha256, checkouts: [] };
  }
  const source = await findDirectory(location, options);
  const newHash = () => createHash("sha256").update(manifestLine({ version: 1, kind: "directory" }));
  const own = newHash();
  const checkouts = UMASKS.map((umask) => ({ umask, hash: newHash() }));
  const waiting: Promise<ManifestEntry>[] = [];
  const takeOne = async (): Promise<void> => {
    const entry = await waiting.shift();
    if (entry === undefined) return;
    own.update(manifestLine(entry));
    for (const { umask, hash } of checkouts) hash.update(manifestLine(checkedOut(entry, umask)));
  };
  for await (const entry of source.entries(signal)) {
    const hashed = hashEntry(entry, signal);
    hashed.catch(() => undefined); // `takeOne` throws it
    waiting.push(hashed);
    if (waiting.length >= CONCURRENCY) await takeOne();
  }
  while (waiting.length > 0) await takeOne();
  return { sha256: own.digest("hex"), checkouts: checkouts.map(({ hash }) => hash.digest("hex")) };
}

async function hashEntry(entry: SourceEntry, signal: AbortSignal): Promise<ManifestEntry> {
  if (entry.type !== "file") return entry;
  return manifestFile(entry, await fileSha256(entry as LocalFile, signal));
}

/** The entry with the permissions of a Git checkout. */
function checkedOut(entry: ManifestEntry, umask: number): ManifestEntry {
  if (entry.type === "link") return entry;
  const isExecutable = entry.type === "directory" || (Number.parseInt(entry.mode, 8) & 0o100) !== 0;
  return { ...entry, mode: permissionsOf((isExecutable ? 0o777 : 0o666) & ~umask) };
}

const fileSha256 = async (file: LocalFile, signal: AbortSignal): Promise<string> =>
  (await digestLocalFile(file, SECTION, signal)).sha256;
