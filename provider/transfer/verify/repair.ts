import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import type { Tags } from "../../../staging/classes.ts";
import { entryPrefix } from "../../../staging/manifest.ts";
import { type ListedObject, listObjects } from "../../store/listing.ts";
import { copyObject } from "../copy/copy.ts";
import { DEFAULT_PATIENCE, ensureReplica, type ReplicaJob } from "../copy/replicate.ts";
import { replicateTree } from "../copy/replicate-tree.ts";
import { mergeSorted } from "../manifest/merge.ts";
import type { Expected, RegionCopy } from "./region.ts";
import { headObject, withChecksums } from "./stored.ts";

export interface RepairOptions {
  /** Of every object that is made again. */
  readonly tags: Tags;
  readonly signal: AbortSignal;
  /** Called with the bytes of files that are the right ones since the last call; negative where they are copied again. */
  onBytes(bytes: number): void;
  onObject(): void;
}

/**
 * Repairs a region's copy of an entry: server-side, from a region that holds the staged data. Equal objects stay. Each copied
 * object is compared with its source, and the manifest is written last. Other objects get a delete marker, so that their
 * versions stay for a day.
 * @throws UserError when the source is not whole, or a copy differs twice
 */
export async function repairRegion(
  expected: Expected,
  source: RegionCopy,
  target: RegionCopy,
  options: RepairOptions,
): Promise<void> {
  const job = {
    ...{ method: "copy" as const, patience: DEFAULT_PATIENCE, onWait: () => {} },
    ...{ tags: options.tags, signal: options.signal },
  };
  if (expected.kind === "file") {
    for (const key of [expected.key, expected.manifestKey]) {
      const replica: ReplicaJob = {
        ...job,
        source: { client: source.client, bucket: source.bucket, key },
        destination: { client: target.client, bucket: target.bucket, key },
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
  await sealAgain(expected, source, target, options);
}

/** Objects that only the repaired region has. */
async function removeUnstaged(
  { stagingId }: Expected,
  source: RegionCopy,
  target: RegionCopy,
  signal: AbortSignal,
): Promise<void> {
  const keyOf = ({ key }: ListedObject): string => key;
  const list = ({ client, bucket }: RegionCopy) =>
    listObjects(client, bucket, entryPrefix(stagingId), signal);
  for await (const [staged, found] of mergeSorted(list(source), keyOf, list(target), keyOf)) {
    if (staged !== undefined || found === undefined) continue;
    const command = new DeleteObjectCommand({ Bucket: target.bucket, Key: found.key });
    await target.client.send(command, { abortSignal: signal });
  }
}

/** Writes the manifest once more: what is younger than the manifest is looked at object by object from then on. */
async function sealAgain(
  { manifestKey: key }: Expected,
  source: RegionCopy,
  target: RegionCopy,
  { tags, signal }: RepairOptions,
): Promise<void> {
  const place = { client: source.client, bucket: source.bucket, key };
  const found = await headObject(place, signal);
  if (found === undefined) return; // the check afterwards says so
  const object = await withChecksums(found, place, signal);
  const destination = { client: target.client, bucket: target.bucket, key };
  await copyObject({ ...place, object }, destination, { tags, signal, onBytes: () => {} });
}
