import type { ReplicationInputs, ReplicationOutputs } from "../../staging/resources/replication.ts";
import { forEachParallel } from "../flow/parallel.ts";
import { ensureReplica, type ReplicaResult } from "./copy/replica.ts";
import { replicateTree, type TreeJob } from "./copy/replica-tree.ts";

export { DEFAULT_PATIENCE, type RuleFallback, type RulePatience } from "./copy/replica.ts";

type Entry = Pick<
  ReplicationInputs,
  "stagingId" | "kind" | "key" | "manifestKey" | "sizeBytes" | "fileCount" | "method"
>;

interface ReplicateOptions extends Omit<TreeJob, keyof Entry | "tags" | "onObject"> {
  /** Called for each verified replica. */
  onObject(): void;
}

interface Replicated extends Pick<ReplicationOutputs, "via" | "objects" | "verifiedBy"> {
  /** Whether the data passed through this machine because S3 refused to copy them. */
  readonly passedThrough: boolean;
}

/**
 * Creates and verifies the replicas of all objects of an entry in a bucket, by rule or by copies. Existing equal replicas stay.
 * @throws UserError if the source is incomplete, or if a replica differs twice
 */
export async function replicate(entry: Entry, options: ReplicateOptions): Promise<Replicated> {
  const methods = new Set<ReplicaResult["via"]>();
  let objects = 0;
  let verifiedBy: Replicated["verifiedBy"] = "checksum";
  const onObject = (result: ReplicaResult): void => {
    objects += 1;
    methods.add(result.via);
    if (result.verifiedBy === "etag") verifiedBy = "etag";
    options.onObject();
  };
  const job = { ...options, onObject };
  if (entry.kind === "file") await replicateFile(entry, job);
  else await replicateTree({ ...entry, ...job });
  const via = methods.size > 1 ? "mixed" : methods.has("rule") ? "rule" : "copy";
  const passedThrough = options.plane.passThrough.has(options.source.store, options.destination.store);
  return { via, objects, verifiedBy, passedThrough };
}

/** Replicates the object of a single file and its manifest. */
async function replicateFile(
  { key, manifestKey, sizeBytes, method }: Entry,
  job: Omit<TreeJob, keyof Entry | "tags">,
): Promise<void> {
  const { plane, patience, onWait, onFallback } = job;
  await forEachParallel(
    () => [key, manifestKey],
    2,
    job.signal,
    async (each, signal) => {
      const isData = each === key;
      const result = await ensureReplica({
        ...{ plane, method, patience, onWait, signal },
        source: { ...job.source, key: each },
        destination: { ...job.destination, key: each },
        ...(isData && onFallback !== undefined ? { onFallback } : {}),
        size: isData ? sizeBytes : undefined,
        // Progress counts the user's bytes only.
        onBytes: (bytes) => isData && job.onBytes(bytes),
      });
      job.onObject(result);
    },
  );
}
