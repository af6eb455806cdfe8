import { join } from "node:path";
import { withLock } from "../../../local/lock.ts";
import { spawnPaths } from "../../../local/paths.ts";
import type { RegionCopy } from "../../../provider/transfer/verify/region.ts";
import { objectRemoval, replicaTags, ttlClassAt } from "../../../staging/classes.ts";
import { InputError, UserError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { readersTagOf } from "../../../staging/readers.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { expiresAt, isoSeconds, removalMidnight } from "../../../staging/ttl.ts";
import type { Context, EntryContext } from "../../context.ts";
import type { UpdateOptions } from "../../engine/update.ts";
import { partOf } from "./drift.ts";
import { copiesOf, damageError, expectedOf, type RegionPresence, regionPresence } from "./presence.ts";
import { type TrueRecord, trueRecord } from "./true-record.ts";
import { updateEntry } from "./update.ts";
import { verifyRegions } from "./verify.ts";

export interface Repaired {
  readonly record: StagingRecord;
  /** The repaired regions, and the region that each copy came from. */
  readonly regions: readonly { readonly region: string; readonly from: string }[];
  /** What else was put right, such as `the usage row`. */
  readonly parts: readonly string[];
  /** What each region holds in the end. */
  readonly presence: readonly RegionPresence[];
}

export interface RepairRequest {
  readonly id: StagingId;
  /** Whether every byte is compared, before and after. */
  readonly verify: boolean;
}

/**
 * Replaces missing or different copies of an entry from a complete region, and lets the entry's stack make again what else was
 * deleted or changed by hand: record, usage row, tags, access points. After an interruption, the next repair completes the work.
 * @throws InputError for an entry that does not exist or has expired
 * @throws UserError when no region is whole, or one of them is not whole in the end
 */
export async function repairEntry(
  context: EntryContext & Pick<Context, "anyBucketsS3" | "dynamo" | "iam">,
  request: RepairRequest,
  options: UpdateOptions,
): Promise<Repaired> {
  const lock = join(spawnPaths().stacks, "repairs", `${context.environmentName}.${request.id}.lock`);
  const onWait = () => options.onNote?.(`Waiting for another repair of ${request.id}…`, "info");
  return await withLock(lock, { signal: options.signal, onWait }, () => repair(context, request, options));
}

async function repair(
  context: EntryContext & Pick<Context, "anyBucketsS3" | "dynamo" | "iam">,
  { id, verify }: RepairRequest,
  options: UpdateOptions,
): Promise<Repaired> {
  const known = await trueRecord(context, id);
  const { record } = known;
  const look = () =>
    verify ? verifyRegions(context, record, options) : regionPresence(context, record, options.signal);
  const found = await look();
  refuseExpired(record);
  const damaged = found.filter(({ state }) => state === "missing" || state === "different");
  const from = found.find(({ state }) => state === "whole");
  if (damaged.length > 0 && from !== undefined) {
    const copies = await copiesOf(record, (region) => context.s3(region));
    const copyIn = (region: string) => copies.find((copy) => copy.region === region) as RegionCopy;
    for (const { region, why } of damaged) {
      options.onNote?.(`${region} is repaired from ${from.region}: ${why ?? "it is not whole"}`, "info");
      await repairCopy(record, copyIn(from.region), copyIn(region), options);
      await noteLateObjects(context, record, region, options);
    }
  }
  const presence = damaged.length > 0 && from !== undefined ? await look() : found;
  const damage = damageError(record, presence, context.environmentName);
  if (damage !== undefined) throw damage;
  const parts = record.declaredAs === undefined ? await settle(context, known, options) : [];
  const regions = damaged.map(({ region }) => ({ region, from: from?.region ?? "" }));
  return { record, regions, parts, presence };
}

async function repairCopy(
  record: StagingRecord,
  source: RegionCopy,
  target: RegionCopy,
  { signal = new AbortController().signal, onProgress }: UpdateOptions,
): Promise<void> {
  const [{ repairRegion }, { ProgressReporter }, { explained }] = await Promise.all([
    import("../../../provider/transfer/verify/repair.ts"),
    import("../../../provider/transfer/flow/progress.ts"),
    import("../../../provider/store/explain.ts"),
  ]);
  const { region } = target;
  const progress = new ProgressReporter(
    { phase: "copy", region, total: record.sizeBytes, objectsTotal: record.fileCount + 1 },
    (_text, report) => onProgress?.(report, region),
  );
  // S3 counts the days of a lifecycle rule from the copy's own creation.
  const ttl = ttlClassAt(record.ttl, record.uploadedAt, serverClock.now());
  await explained({ what: "replication", region, bucket: target.bucket }, () =>
    repairRegion(expectedOf(record), source, target, {
      tags: replicaTags(record.stagingId, ttl, readersTagOf(record.bucketReaders)),
      signal,
      onBytes: (bytes) => progress.add(bytes),
      onObject: () => progress.objectDone(),
    }),
  );
  progress.finish();
}

/** What is repaired on the entry's last day goes a midnight later than the entry: the ledger counts it until then. */
async function noteLateObjects(
  context: Pick<Context, "tables">,
  { stagingId, uploadedAt, ttl }: StagingRecord,
  region: string,
  { signal = new AbortController().signal }: UpdateOptions,
): Promise<void> {
  const now = serverClock.now();
  if (objectRemoval(ttl, uploadedAt, now) <= removalMidnight(uploadedAt, ttl)) return;
  const [{ noteYoungest }, { client, settings }] = await Promise.all([
    import("../../../provider/arrival.ts"),
    context.tables(),
  ]);
  const { usageTable, tableRegion: usageRegion } = settings;
  await noteYoungest({ usageTable, usageRegion, stagingId, region }, () => client, now, signal);
}

/**
 * Updates the stack: an earlier refresh may have recorded the missing data in the state, and not only data can be damaged.
 * @returns what else was put right
 */
async function settle(
  context: EntryContext & Pick<Context, "anyBucketsS3" | "dynamo" | "iam">,
  { record, damage }: TrueRecord,
  options: UpdateOptions,
): Promise<string[]> {
  if (damage !== undefined)
    options.onNote?.(
      `The record of ${record.stagingId} was ${damage} by hand. It is written again.`,
      "warning",
    );
  const parts = new Set<string>();
  const onChange: UpdateOptions["onChange"] = (change) => {
    options.onChange?.(change);
    const part = change.op === "refresh" ? undefined : partOf(change.type, change.inputs["region"]);
    if (part !== undefined) parts.add(part);
  };
  try {
    await updateEntry(
      context,
      { record, after: record, isRepair: damage !== undefined },
      { ...options, onChange },
    );
    return [...parts].sort();
  } catch (error) {
    if (!(error instanceof UserError) || error.exitCode === 130) throw error;
    throw new UserError(
      `the data of ${record.stagingId} are whole again, but its stack could not be updated`,
      {
        why: [error.message, error.why].filter(Boolean).join(": "),
        ...(error.fix === undefined ? {} : { fix: error.fix }),
        cause: error,
      },
    );
  }
}

function refuseExpired({ stagingId, uploadedAt, ttl }: StagingRecord): void {
  const expiry = expiresAt(uploadedAt, ttl);
  if (expiry > serverClock.now()) return;
  throw new InputError(`${stagingId} has expired and cannot be repaired`, {
    why: `Its TTL ended at ${isoSeconds(expiry)}; S3 deletes the data at any moment from then on.`,
    fix: "Stage the data again: spawn stage upload",
  });
}
