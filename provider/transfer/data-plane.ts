import { oncePer } from "../../staging/once.ts";
import { Bandwidth } from "../flow/bandwidth.ts";
import { BufferPool } from "../flow/buffers.ts";
import { RequestLimiters } from "../flow/limiters.ts";
import { Semaphore } from "../flow/semaphore.ts";
import { PassThrough } from "./copy/pass-through.ts";
import { HashThread } from "./hash/thread.ts";
import { FileThreads } from "./source/file-threads.ts";

/**
 * The limits, memory and threads that all transfers of a process share. Threads start with their first use.
 * Each bucket has its own semaphores, so that a slow one does not block another.
 */
export class DataPlane {
  /** By bytes per second: transfers with the same limit share it. */
  readonly bandwidth = oncePer((bytesPerSecond: number) => new Bandwidth(bytesPerSecond));
  readonly limiters = new RequestLimiters();
  readonly pool: BufferPool;
  /** Hashes data from S3. */
  readonly hashing = new HashThread();
  /** Read and hash local files. */
  readonly files = new FileThreads();
  readonly passThrough = new PassThrough();

  /** Multipart uploads of one bucket. A few of them use all connections, and a low number keeps hashed parts in the page cache. */
  readonly filesInParts = oncePer((_bucket: string) => new Semaphore(8));
  /** Files of a tree that need several requests: objects on S3, and files that may exist in the bucket. */
  readonly filesToCompare = oncePer((_bucket: string) => new Semaphore(32));
  /** Objects to compare in a destination bucket. Each may become a copy in many parts. */
  readonly objectsToCompare = oncePer((_bucket: string) => new Semaphore(32));

  constructor(pool = new BufferPool()) {
    this.pool = pool;
  }
}
