import { formatBytes } from "../../../staging/units.ts";
import type { ListedObject } from "../../store/object-store.ts";
import { pause } from "../../store/retry.ts";
import { headObject } from "../../store/stored-object.ts";
import { deadlineFor, type ReplicaJob, type RuleFallback } from "./replica.ts";
import { isSame, listPairs, type TreePlaces } from "./tree-listings.ts";

/** The number of missing or stale objects whose replication status spawn requests. They represent all of them. */
const SAMPLE = 16;

/** The replication of an entry by a rule. */
export interface TreeRule
  extends TreePlaces,
    Pick<ReplicaJob, "patience" | "signal" | "onWait" | "onFallback"> {
  readonly manifestKey: string;
  readonly sizeBytes: number;
  /** Called with the bytes of files that the replica has received since the last call. */
  onBytes(bytes: number): void;
}

/**
 * Waits until the destination lists all objects. It stops waiting if no rule applies to the objects, if the rule failed, or at
 * the deadline.
 * @returns the bytes of the replicated files
 */
export async function awaitTreeRule(tree: TreeRule): Promise<number> {
  const { patience, signal } = tree;
  const started = performance.now();
  const deadline = deadlineFor(patience, tree.sizeBytes);
  let reported = 0;
  let firstAwaited: string | undefined;
  let status: RuleFallback["status"] | undefined;
  const fallBack = async (): Promise<number> => {
    if (status !== undefined) {
      const waitedMs = performance.now() - started;
      await tree.onFallback?.({ status, bytes: tree.sizeBytes - reported, waitedMs });
    }
    return reported;
  };
  for (let delay = patience.firstPollMs; ; delay = Math.min(delay * 1.5, patience.maxPollMs)) {
    const begun = performance.now();
    const { bytes, missing, stale } = await compareListings(tree);
    if (bytes > reported) tree.onBytes(bytes - reported);
    reported = Math.max(reported, bytes);
    const awaited = missing.length > 0 ? missing : stale;
    if (awaited.length === 0) return reported;
    // A listing takes time. If the first awaited object changes, the rule is still working on others.
    const isProgressing = awaited[0]?.key !== firstAwaited;
    firstAwaited = awaited[0]?.key;
    const statuses = await statusesOf(tree, awaited);
    // S3 never expires an object whose replication failed, so that status takes precedence.
    status = (["FAILED", "PENDING"] as const).find((one) => statuses.has(one));
    const isWorking = statuses.has("PENDING") || (isProgressing && statuses.has("COMPLETED"));
    if (!isWorking || performance.now() > deadline) return fallBack();
    tree.onWait(`Waiting for S3 to replicate ${formatBytes(tree.sizeBytes)}`);
    // Listings of many objects are expensive, so the pause is at least twice as long.
    await pause(Math.max(delay, 2 * (performance.now() - begun)), signal);
  }
}

interface Compared {
  readonly bytes: number;
  readonly missing: readonly ListedObject[];
  /** Objects whose replica is of an earlier version. */
  readonly stale: readonly ListedObject[];
}

async function compareListings(tree: TreeRule): Promise<Compared> {
  const [missing, stale]: [ListedObject[], ListedObject[]] = [[], []];
  let bytes = 0;
  for await (const [object, replica] of listPairs(tree, tree.signal)) {
    if (object === undefined) continue;
    if (replica === undefined) {
      if (missing.length < SAMPLE) missing.push(object);
    } else if (isSame(object, replica)) {
      if (object.key !== tree.manifestKey) bytes += object.size;
    } else if (replica.lastModified < object.lastModified && stale.length < SAMPLE) {
      stale.push(object);
    }
  }
  return { bytes, missing, stale };
}

/** The replication statuses that S3 reports for the objects. */
async function statusesOf(
  tree: TreeRule,
  objects: readonly ListedObject[],
): Promise<Set<string | undefined>> {
  const found = await Promise.all(objects.map(({ key }) => headObject({ ...tree.source, key }, tree.signal)));
  return new Set(found.map((object) => object?.replication));
}
