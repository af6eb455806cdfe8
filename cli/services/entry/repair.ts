import { join } from "node:path";
import { withLock } from "../../../local/lock.ts";
import { spawnPaths } from "../../../local/paths.ts";
import type { DataPlane } from "../../../provider/transfer/data-plane.ts";
import type { RegionCopy } from "../../../provider/transfer/verify/region.ts";
import { objectRemoval, replicaTags, ttlClassAt } from "../../../staging/classes.ts";
import { InputError, UserError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { readersTagOf } from "../../../staging/readers.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { expiresAt, isoSeconds, removalMidnight } from "../../../staging/ttl.ts";
import type { Context, UpdateContext } from "../../context.ts";
import type { UpdateOptions } from "../../engine/update.ts";
import { type AuthoritativeRecord, authoritativeRecord } from "./authoritative-record.ts";
import { partOf } from "./drift.ts";
import {
  copiesOf,
  damageError,
  expectedOf,
  type RegionPresence,
  regionPresence,
  verifyRegions,
} from "./presence.ts";
import { updateEntry } from "./stack-update.ts";
import { openTransfers } from "./transfers.ts";

interface Repaired {
  readonly record: StagingRecord;
  /** The repaired regions, and the region that each copy came from. */
  readonly regions: readonly { readonly region: string; readonly from: string }[];
  /** Other repaired parts, such as `the usage row`. */
  readonly parts: readonly string[];
  /** Each region after the repair. */
  readonly presence: readonly RegionPresence[];
}

interface RepairRequest {
  readonly id: StagingId;
  /** Whether every byte is compared, before and after. */
  readonly verify: boolean;
}

/**
 * Replaces missing or different copies of an entry from a whole region. Then an update of the entry's stack repairs all other parts
 * that were deleted or changed by hand: record, usage row, tags, access points. After an interruption, the next repair completes the work.
 * @throws InputError for an entry that does not exist or has expired
 * @throws UserError if no region is whole before the repair, or one of them is not whole after it
 */
export async function repairEntry(
  context: UpdateContext,
  { id, verify }: RepairRequest,
  options: UpdateOptions,
): Promise<Repaired> {
  const lock = join(spawnPaths().stacks, "repairs", `${context.environmentName}.${id}.lock`);
  const onWait = () => options.onNote?.(`Waiting for another repair of ${id}…`, "info");
  return await withLock(lock, { signal: options.signal, onWait }, async () => {
    const known = await authoritativeRecord(context, id);
    const { record } = known;
    const steps: RepairSteps = {
      compare: () =>
        verify ? verifyRegions(context, record, options) : regionPresence(context, record, options.signal),
      copy: async (from, to) => {
        const { plane, store, close } = await openTransfers(context);
        try {
          const copies = await copiesOf(record, store);
          const copyIn = (region: string) => copies.find((copy) => copy.region === region) as RegionCopy;
          await repairCopy(plane, record, copyIn(from), copyIn(to), options);
        } finally {
          close();
        }
        await noteLateObjects(context, record, to, options);
      },
      updateStack: () => settle(context, known, options),
    };
    return await repairWith(steps, record, context.environmentName, options.onNote);
  });
}

/** The operations of a repair. */
interface RepairSteps {
  /** Compares each region with the record. */
  compare(): Promise<readonly RegionPresence[]>;
  /** Replaces the copy in the region `to`. */
  copy(from: string, to: string): Promise<void>;
  /** @returns the other parts that the update of the stack has repaired */
  updateStack(): Promise<readonly string[]>;
}

/** The order of a repair: data are copied only from a whole region, and the stack is updated only after every region is whole. */
export async function repairWith(
  steps: RepairSteps,
  record: StagingRecord,
  environment: string,
  onNote: UpdateOptions["onNote"],
): Promise<Repaired> {
  const found = await steps.compare();
  // After a response of AWS, which sets the clock.
  refuseExpired(record);
  const from = found.find(({ state }) => state === "whole")?.region;
  const damaged =
    from === undefined ? [] : found.filter(({ state }) => state === "missing" || state === "different");
  const regions = damaged.map(({ region }) => ({ region, from: from ?? "" }));
  for (const [at, { region, from }] of regions.entries()) {
    onNote?.(`${region} is repaired from ${from}: ${damaged[at]?.why ?? "it is not whole"}`, "info");
    await steps.copy(from, region);
  }
  const presence = regions.length > 0 ? await steps.compare() : found;
  const damage = damageError(record, presence, environment);
  if (damage !== undefined) throw damage;
  const parts = record.declaredAs === undefined ? await steps.updateStack() : [];
  return { record, regions, parts, presence };
}

async function repairCopy(
  plane: DataPlane,
  record: StagingRecord,
  source: RegionCopy,
  target: RegionCopy,
  { signal = new AbortController().signal, onProgress }: UpdateOptions,
): Promise<void> {
  const [{ repairRegion }, { ProgressReporter }, { explained }] = await Promise.all([
    import("../../../provider/transfer/copy/repair.ts"),
    import("../../../provider/flow/progress.ts"),
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
      plane,
      tags: replicaTags(record.stagingId, ttl, readersTagOf(record.bucketReaders)),
      signal,
      onBytes: (bytes) => progress.add(bytes),
      onObject: () => progress.objectDone(),
    }),
  );
  progress.finish();
}

/** Objects that are repaired on the entry's last day expire one midnight later than the entry: the ledger counts them until then. */
async function noteLateObjects(
  context: Pick<Context, "tables">,
  { stagingId, uploadedAt, ttl }: StagingRecord,
  region: string,
  { signal = new AbortController().signal }: UpdateOptions,
): Promise<void> {
  const now = serverClock.now();
  if (objectRemoval(ttl, uploadedAt, now) <= removalMidnight(uploadedAt, ttl)) return;
  const [{ recordYoungest }, { client, settings }] = await Promise.all([
    import("../../../provider/region-times.ts"),
    context.tables(),
  ]);
  const { usageTable, tableRegion: usageRegion } = settings;
  await recordYoungest({ usageTable, usageRegion, stagingId, region }, () => client, now, signal);
}

/**
 * Updates the stack: an earlier refresh may have recorded the missing data in the state, and not only data can be damaged.
 * @returns the repaired parts
 */
async function settle(
  context: UpdateContext,
  { record, damage }: AuthoritativeRecord,
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
        fix: error.fix,
        cause: error,
      },
    );
  }
}

function refuseExpired({ stagingId, uploadedAt, ttl }: StagingRecord): void {
  const expiry = expiresAt(uploadedAt, ttl);
  if (expiry > serverClock.now()) return;
  throw new InputError(`${stagingId} has expired and cannot be repaired`, {
    why: `Its TTL ended at ${isoSeconds(expiry)}; from then on, S3 can delete the data at any time.`,
    fix: (_spell, command) => `Stage the data again: ${command("spawn stage upload PATH")}`,
  });
}
