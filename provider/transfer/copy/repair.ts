import type { Tags } from "../../../staging/classes.ts";
import { headWithChecksums } from "../../store/stored-object.ts";
import type { DataPlane } from "../data-plane.ts";
import type { Expected, RegionCopy } from "../verify/region.ts";
import { copyObject } from "./copy.ts";
import { DEFAULT_PATIENCE, ensureReplica, type ReplicaJob } from "./replica.ts";
import { replicateTree } from "./replica-tree.ts";
import { listPairs } from "./tree-listings.ts";

interface RepairOptions {
  readonly plane: DataPlane;
  /** The tags of every repaired object. */
  readonly tags: Tags;
  readonly signal: AbortSignal;
  /** Called with the verified bytes of files since the last call; negative if spawn copies them again. */
  onBytes(bytes: number): void;
  onObject(): void;
}

/**
 * Repairs a region's copy of an entry server-side, from a region that has the staged data. Equal objects stay. It compares each
 * copied object with its source, and writes the manifest last. Other objects get a delete marker, so that their versions stay
 * for a day.
 * @throws UserError if the source is incomplete, or if a copy differs twice
 */
export async function repairRegion(
  expected: Expected,
  source: RegionCopy,
  target: RegionCopy,
  options: RepairOptions,
): Promise<void> {
  const job = {
    ...{ method: "copy" as const, patience: DEFAULT_PATIENCE, onWait: () => {} },
    ...{ plane: options.plane, tags: options.tags, signal: options.signal },
  };
  if (expected.kind === "file") {
    for (const key of [expected.key, expected.manifestKey]) {
      const replica: ReplicaJob = {
        ...job,
        source: { store: source.store, bucket: source.bucket, key },
        destination: { store: target.store, bucket: target.bucket, key },
        size: key === expected.key ? expected.sizeBytes : undefined,
        onBytes: (bytes) => key === expected.key && options.onBytes(bytes),
      };
      await ensureReplica(replica);
      options.onObject();
    }
    return;
  }
  await replicateTree({ ...expected, ...job, ...options, source, destination: target });
  await removeUnstaged(expected, source, target, options.signal);
  await rewriteManifest(expected, source, target, options);
}

/** Deletes the objects that only the repaired region has. */
async function removeUnstaged(
  { stagingId }: Expected,
  source: RegionCopy,
  target: RegionCopy,
  signal: AbortSignal,
): Promise<void> {
  for await (const [staged, found] of listPairs({ stagingId, source, destination: target }, signal)) {
    if (staged !== undefined) continue;
    await target.store.delete({ bucket: target.bucket, key: found.key }, signal);
  }
}

/** Writes the manifest again. Later checks send a HEAD request for each object that is younger than the manifest. */
async function rewriteManifest(
  { manifestKey: key }: Expected,
  source: RegionCopy,
  target: RegionCopy,
  { plane, tags, signal }: RepairOptions,
): Promise<void> {
  const from = { store: source.store, bucket: source.bucket, key };
  const object = await headWithChecksums(from, signal);
  if (object === undefined) return; // the verification reports it
  const destination = { store: target.store, bucket: target.bucket, key };
  await copyObject({ plane, source: from, object, destination, tags, signal, onBytes: () => {} });
}
