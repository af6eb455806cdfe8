import { createHash } from "node:crypto";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDenied, isNotFound } from "../../../connection/errors/kinds.ts";
import { UserError } from "../../../staging/errors.ts";
import { OBJECT_RETRIES, withRetry } from "../../store/retry.ts";
import type { ObjectPlace } from "../../store/stored-object.ts";
import { isMismatch } from "./mismatch.ts";

/** Whether another read may succeed. */
const retryable = (error: unknown): boolean =>
  isMismatch(error) || !(error instanceof UserError || isDenied(error) || isNotFound(error));

/** A manifest in a temporary file. Work on its lines can take hours, and the socket timeout ends a response that pauses for it. */
export class ManifestCopy {
  readonly path: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.path = join(folder, "manifest.jsonl");
  }

  /**
   * Reads a stored manifest.
   * @param verify called with its SHA-256, lower-case hex; it throws if that is not the recorded one
   */
  static async read(
    { store, bucket, key }: ObjectPlace,
    verify: (sha256: string) => void,
    signal: AbortSignal,
  ): Promise<ManifestCopy> {
    const copy = new ManifestCopy(await mkdtemp(join(tmpdir(), "spawn-manifest-")));
    const read = async (): Promise<void> => {
      const hash = createHash("sha256");
      const handle = await open(copy.path, "w", 0o600);
      try {
        for await (const chunk of await store.get({ bucket, key }, signal)) {
          signal.throwIfAborted();
          hash.update(chunk);
          await handle.appendFile(chunk);
        }
      } finally {
        await handle.close();
      }
      verify(hash.digest("hex"));
    };
    try {
      await withRetry(read, { signal, ...OBJECT_RETRIES, retryable });
      return copy;
    } catch (error) {
      await copy.delete();
      throw error;
    }
  }

  async delete(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
