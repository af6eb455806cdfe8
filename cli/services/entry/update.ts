import type { AccountId } from "../../../staging/accounts.ts";
import { entryStackName } from "../../../staging/entry.ts";
import {
  changedState,
  differences,
  type EntryChanges,
  type EntryState,
  regionChanges,
} from "../../../staging/entry-update.ts";
import { bucketOf, type EnvironmentSettings, settingsFileName } from "../../../staging/environment.ts";
import { InputError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { bucketReaders } from "../../../staging/readers.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { isoSeconds } from "../../../staging/ttl.ts";
import { commandLine } from "../../command-line.ts";
import type { Context, EntryContext } from "../../context.ts";
import { entryInUse, sweepsReading } from "../sweep/open-sweeps.ts";
import { requireRecord } from "./absent.ts";
import { entrySettingsHere } from "./entry-settings.ts";
import { damageError, regionPresence } from "./presence.ts";
import { bucketsOfRecord } from "./records.ts";
import type { StackUpdate } from "./stack-update.ts";

/** A planned change of a staged entry. */
export interface PlannedUpdate extends StackUpdate {
  /** The accounts that the tag of the objects will name. */
  readonly bucketReaders: readonly AccountId[];
  /** Whether nothing is left to do, not even of an earlier update. */
  readonly isDone: boolean;
}

/**
 * Plans an update without the engine.
 * @throws InputError if the entry does not exist, if the environment's configuration declares it, or if the change is impossible
 * @throws UserError if a region that keeps the data does not hold them
 */
export async function planUpdate(
  context: EntryContext & Pick<Context, "anyBucketsS3">,
  id: StagingId,
  changes: EntryChanges,
): Promise<PlannedUpdate> {
  const [record, settings] = await Promise.all([requireRecord(context, id), context.settings()]);
  if (record.declaredAs !== undefined) throw declaredElsewhere(id, record.declaredAs, settings.name);
  refuseMovedBuckets(record, settings);
  const after = changedState(record, changes, serverClock.now());
  for (const region of after.regions) bucketOf(settings, region);
  await refuseDamaged(context, record, after);
  await refuseInUse(context, record, after);
  // An update removes this machine's settings file until its end. So an interrupted update, whose replicas differ from the record, does
  // not count as done.
  const readers = bucketReaders(after.allowAccounts, settings.readers);
  const isDone =
    differences(record, after).length === 0 &&
    readers.join() === record.bucketReaders.join() &&
    (await isRemembered(context, record)) &&
    (await hasTtlTags(context, record));
  return { record, after, bucketReaders: readers, isDone };
}

function declaredElsewhere(id: StagingId, item: string, environment: string): InputError {
  const file = settingsFileName(environment);
  return new InputError(`${id} is declared in ${file} as item ${item} of spawn:entries`, {
    why: "The next update of the environment would undo the change.",
    fix: `Edit the item ${item} in ${file}, then run: ${commandLine("spawn environment up", environment)}`,
  });
}

/** The workers of a sweep that has not ended download the data until its deadline, and a launch has checked regions and TTL. */
async function refuseInUse(context: EntryContext, record: StagingRecord, after: EntryState): Promise<void> {
  const loses = regionChanges(record, after).removed.length > 0;
  if (!loses && after.ttl >= record.ttl) return;
  const id = record.stagingId;
  for (const [, sweeps] of await sweepsReading(context, [id])) {
    const what = loses ? `a region of ${id}` : `a day of the TTL of ${id}`;
    throw entryInUse(what, sweeps, context.environmentName, "removed");
  }
}

/** An update neither confirms nor copies missing data. Regions that it removes may be damaged. */
async function refuseDamaged(
  context: Pick<Context, "anyBucketsS3" | "environmentName" | "s3" | "store">,
  record: StagingRecord,
  after: EntryState,
): Promise<void> {
  const found = await regionPresence(context, record);
  const damage = damageError(record, found, context.environmentName, after.regions);
  if (damage !== undefined) throw damage;
}

/** An update would delete data in a bucket of another name, and upload them again from a source that may no longer exist. */
function refuseMovedBuckets(record: StagingRecord, settings: EnvironmentSettings): void {
  for (const { region, bucket: then } of bucketsOfRecord(record)) {
    const now = settings.buckets.get(region);
    if (then === now) continue;
    throw new InputError(
      `${record.stagingId} is in the bucket ${then}, which environment ${settings.name} no longer names`,
      {
        why: `Its bucket in ${region} is ${now ?? "none"} now.`,
        fix: `Set the bucket of ${region} to ${then} again, or stage the data again.`,
      },
    );
  }
}

/** Whether the objects still carry the tag of the entry's TTL. */
async function hasTtlTags(context: Pick<Context, "s3" | "store">, record: StagingRecord): Promise<boolean> {
  const { inputsFromTags } = await import("../../../provider/expiration.ts");
  const { signal } = new AbortController();
  const { stagingId, ttl, uploadedAt } = record;
  const found = await Promise.all(
    bucketsOfRecord(record).map(async ({ region, bucket }) => {
      const place = { stagingId, bucket, ttlDays: ttl, uploadedAt: isoSeconds(uploadedAt) };
      return (await inputsFromTags(place, await context.store(region), signal))?.ttlDays;
    }),
  );
  return found.every((days) => days === ttl);
}

/** Whether the settings file of this machine equals the record. */
async function isRemembered(
  { environmentName }: Pick<Context, "environmentName">,
  record: StagingRecord,
): Promise<boolean> {
  // The update replaces a file that cannot be read.
  const settings = await entrySettingsHere(entryStackName(environmentName, record.stagingId));
  return settings !== undefined && differences(record, settings.spec).length === 0;
}
