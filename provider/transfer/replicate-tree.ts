import { UserError } from "../../staging/errors.ts";
import { entryPrefix } from "../../staging/manifest.ts";
import { type ListedObject, listObjects } from "./listing.ts";
import { mergeSorted } from "./merge.ts";
import { forEachParallel } from "./parallel.ts";
import { copyTags, deadlineFor, ensureReplica, type ReplicaJob, type ReplicaResult } from "./replicate.ts";
import type { ObjectPlace } from "./stored.ts";
import { readTags } from "./tagging.ts";

/** Objects replicated at the same time; each large one has many parts under way. */
const OBJECTS_IN_FLIGHT = 32;

export interface TreeJob extends Pick<ReplicaJob, "method" | "patience" | "signal" | "onWait"> {
  readonly stagingId: string;
  readonly source: Omit<ObjectPlace, "key">;
  readonly destination: Omit<ObjectPlace, "key">;
  readonly manifestKey: string;
  /** Of the files, without the manifest. */
  readonly fileCount: number;
  readonly sizeBytes: number;
  /** Called with the bytes of files that the replica has gained since the last call. */
  onBytes(bytes: number): void;
  onObject(result: ReplicaResult): void;
}

/**
 * Makes sure that the destination has every object of an entry, and that each is the same. Both buckets are listed side by
 * side, so that memory does not grow with their number. The rule has one time for all objects together.
 * @throws UserError when the source does not have all that was staged, or a replica differs twice
 */
export async function replicateTree(job: TreeJob): Promise<void> {
  const { source, destination, manifestKey, signal } = job;
  const deadline = deadlineFor(job.patience, job.sizeBytes);
  const tags = copyTags(await readTags({ ...source, key: manifestKey }, signal));
  let [objects, bytes] = [0, 0];
  await forEachParallel(
    (stop) => pairs(job, stop),
    OBJECTS_IN_FLIGHT,
    signal,
    async ([{ key, size }, replica], stop) => {
      const isManifest = key === manifestKey;
      const result = await ensureReplica({
        ...{ method: job.method, patience: job.patience, onWait: job.onWait, deadline, tags, size },
        source: { ...source, key },
        destination: { ...destination, key },
        mayBeThere: replica !== undefined,
        signal: stop,
        // The manifest's bytes are not the user's.
        onBytes: (count) => !isManifest && job.onBytes(count),
      });
      job.onObject(result);
      objects += 1;
      if (!isManifest) bytes += size;
    },
  );
  if (objects !== job.fileCount + 1 || bytes !== job.sizeBytes) throw notWhole(job, objects, bytes);
}

async function* pairs(
  job: TreeJob,
  signal: AbortSignal,
): AsyncGenerator<[ListedObject, ListedObject | undefined], void, void> {
  const prefix = entryPrefix(job.stagingId);
  const keyOf = ({ key }: ListedObject): string => key;
  const list = ({ client, bucket }: Omit<ObjectPlace, "key">) => listObjects(client, bucket, prefix, signal);
  for await (const [object, replica] of mergeSorted(list(job.source), keyOf, list(job.destination), keyOf)) {
    if (object !== undefined) yield [object, replica];
  }
}

function notWhole(job: TreeJob, objects: number, bytes: number): UserError {
  const url = `s3://${job.source.bucket}/${entryPrefix(job.stagingId)}`;
  if (objects === 0) {
    return new UserError(`${url} holds nothing to replicate`, {
      why: "The data expired, or somebody deleted them.",
      fix: "Stage the data again.",
    });
  }
  return new UserError(`${url} is not what was staged`, {
    why: `It has ${objects} objects of ${bytes} bytes beside the manifest's, instead of ${job.fileCount + 1} of ${job.sizeBytes}: somebody wrote to it.`,
    fix: "Stage the data again.",
  });
}
