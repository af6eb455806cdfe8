import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Manifest,
  type ManifestEntry,
  type ManifestHeader,
  manifestLine,
  parseManifest,
} from "../../../staging/manifest.ts";
import { KIB } from "../../../staging/units.ts";

/** Characters to collect before a write. */
const WRITE_LENGTH = 256 * KIB;

/**
 * Writes a manifest to a temporary file. It accepts entries in any order, and writes their lines in the order of their numbers. Only
 * lines that wait for an earlier line are in memory.
 */
export class ManifestSpool {
  readonly path: string;
  readonly #folder: string;
  readonly #handle: FileHandle;
  readonly #hash = createHash("sha256");
  readonly #waiting = new Map<number, string>();
  #next = 0;
  #gathered: string;
  #written: Promise<void> = Promise.resolve();

  private constructor(folder: string, path: string, handle: FileHandle, header: ManifestHeader) {
    this.#folder = folder;
    this.path = path;
    this.#handle = handle;
    this.#gathered = manifestLine(header);
  }

  static async create(header: ManifestHeader): Promise<ManifestSpool> {
    const folder = await mkdtemp(join(tmpdir(), "spawn-manifest-"));
    try {
      const path = join(folder, "manifest.jsonl");
      return new ManifestSpool(folder, path, await open(path, "wx", 0o600), header);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** The number of lines that wait for an earlier line. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Adds the entry with the given number. Callers use each number from 0 exactly once. */
  async add(number: number, entry: ManifestEntry): Promise<void> {
    this.#waiting.set(number, manifestLine(entry));
    for (let line = this.#take(); line !== undefined; line = this.#take()) this.#gathered += line;
    if (this.#gathered.length >= WRITE_LENGTH) await this.#write();
  }

  #take(): string | undefined {
    const line = this.#waiting.get(this.#next);
    if (line !== undefined) this.#waiting.delete(this.#next++);
    return line;
  }

  #write(): Promise<void> {
    const bytes = Buffer.from(this.#gathered);
    this.#gathered = "";
    this.#hash.update(bytes);
    this.#written = this.#written.then(() => this.#handle.appendFile(bytes));
    return this.#written;
  }

  /** Writes the remaining lines. @returns the SHA-256 of the manifest, lower-case hex */
  async finish(): Promise<string> {
    if (this.#waiting.size > 0) throw new Error(`entry ${this.#next} of the manifest was never added`);
    await this.#write();
    return this.#hash.digest("hex");
  }

  /** Reads the manifest from its start. Call it after {@link finish}. */
  read(): Promise<Manifest> {
    return parseManifest(createReadStream(this.path));
  }

  /** Removes the temporary file. */
  async remove(): Promise<void> {
    await this.#handle.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
