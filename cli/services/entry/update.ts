import { rm } from "node:fs/promises";
import { readTextIfThere } from "../../../files/read.ts";
import { spawnPaths } from "../../../local/paths.ts";
import { entryProgram } from "../../../stacks/entry-program.ts";
import {
  type EntrySettings,
  parseEntrySettingsFile,
  renderEntrySettings,
} from "../../../stacks/entry-settings.ts";
import type { AccountId } from "../../../staging/accounts.ts";
import { type EntrySpec, entryStackName } from "../../../staging/entry.ts";
import {
  changedState,
  differences,
  type EntryChanges,
  type EntryState,
} from "../../../staging/entry-update.ts";
import { bucketOf, type EnvironmentSettings } from "../../../staging/environment.ts";
import { InputError, UserError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { bucketReaders } from "../../../staging/readers.ts";
import { recordItem, type StagingRecord } from "../../../staging/record.ts";
import { RECORD_TYPE } from "../../../staging/resources.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { isoSeconds } from "../../../staging/ttl.ts";
import { commandLine } from "../../command-line.ts";
import type { Context, EntryContext } from "../../context.ts";
import { settingsFile, writeAtomically } from "../../engine/entry-project.ts";
import { openSession } from "../../engine/session.ts";
import type { StateResource } from "../../engine/state.ts";
import { runUpdate, type UpdateOptions } from "../../engine/update.ts";
import { writableTimes } from "../environment/environment.ts";
import { findLocks, lockedError } from "../environment/object-locks.ts";
import { requireRecord } from "./absent.ts";
import { refuseProtected } from "./delete-guards.ts";
import { damageError, regionPresence } from "./presence.ts";
import { findRecord } from "./records.ts";
import { settleStack } from "./settle-stack.ts";
import { noStack, refuseForeign } from "./stack-of-record.ts";
import { specInState } from "./state-spec.ts";
import { preflight } from "./upload/preflight.ts";

/** A change of a staged entry that can be made. */
export interface PlannedUpdate {
  /** The entry as it is. */
  readonly record: StagingRecord;
  /** What it is to be. */
  readonly after: EntryState;
  /** The accounts that its objects' tag is to name. */
  readonly bucketReaders: readonly AccountId[];
  /** Whether the entry is already as it is wanted, with nothing left to do of an earlier update. */
  readonly isDone: boolean;
  /** Whether the record is as its stack wrote it, and the item in the table may be another or gone. @default false */
  readonly isRepair?: boolean;
}

/**
 * Works out what is to be changed, without starting the engine.
 * @throws InputError when there is no such entry, when it is declared in the environment's configuration, or when the
 * change is impossible
 * @throws UserError when a region that is to keep the data does not hold them
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
  // What this machine remembers is forgotten while an update runs: one that was interrupted, with replicas that are not in
  // the record yet, or still there though they are not in it any more, is not taken for one that came to its end.
  const readers = bucketReaders(after.allowAccounts, settings.readers);
  const isDone =
    differences(record, after).length === 0 &&
    readers.join() === record.bucketReaders.join() &&
    (await isRemembered(context, record)) &&
    (await hasTtlTags(context, record));
  return { record, after, bucketReaders: readers, isDone };
}

/**
 * Brings the entry's stack to what is planned. No data move, but for replicas that are added or removed. What is not asked
 * to change is taken from the record and the stack's state, so it can be done from any machine that shares them.
 * @returns whether anything was done
 * @throws UserError when it fails on the way; the same command again goes on with it
 */
export async function updateEntry(
  context: EntryContext & Pick<Context, "anyBucketsS3" | "dynamo" | "iam">,
  { record, after, isRepair = false }: Pick<PlannedUpdate, "record" | "after" | "isRepair">,
  options: UpdateOptions,
): Promise<boolean> {
  const { stagingId: id } = record;
  const stack = entryStackName(context.environmentName, id);
  const session = await openSession(context);
  const { entryProject, settings: environment } = session;
  const settled = await settleStack(context, entryProject, stack, id, "adopt", options);
  if (!settled.exists) throw await noStack(context, entryProject, record);
  refuseForeign([...settled.resources, ...settled.creating], record, environment.name, { isRepair });
  await refuseKeptReplicas(context, record, after, settled.resources);
  const spec: EntrySpec = specInState(settled.resources, id, after);
  await preflight(context, spec, record);
  const settings: EntrySettings = { spec, environment, writableAt: await writableTimes(session) };
  // An upload that was killed just after it had written the record: that was taken away, and is written again.
  const isRecordAgain = settled.creating.some(({ type }) => type === RECORD_TYPE);
  if (!isRecordAgain && !isRepair) await refuseIfChanged(context, record);
  // Unlike an upload, which goes on where one region fails: with an error nothing may be deleted. The state alone would take for
  // unchanged what somebody has changed by hand.
  const operation = { kind: "up", program: entryProgram(settings), refresh: true } as const;
  const file = settingsFile(entryProject.project, stack);
  await rm(file, { force: true });
  const result = await runUpdate(entryProject, stack, operation, options).catch((error: unknown) => {
    throw unfinished(error, id);
  });
  await writeAtomically(file, renderEntrySettings(settings));
  return Object.keys(result.changes).some((change) => change !== "same");
}

function declaredElsewhere(id: StagingId, item: string, environment: string): InputError {
  const file = `Pulumi.${environment}.yaml`;
  return new InputError(`${id} is declared in ${file} as item ${item} of spawn:entries`, {
    why: "The next update of the environment would undo the change.",
    fix: `Edit the item ${item} in ${file}, then run: ${commandLine("spawn environment up", environment)}`,
  });
}

/** An update neither confirms nor copies missing data. A region that is to be removed may have lost its data. */
async function refuseDamaged(
  context: Pick<Context, "anyBucketsS3" | "environmentName" | "s3">,
  record: StagingRecord,
  after: EntryState,
): Promise<void> {
  const found = await regionPresence(context, record);
  const kept = found.filter(({ region }) => (after.regions as readonly string[]).includes(region));
  const damage = damageError(record, kept, context.environmentName);
  if (damage !== undefined) throw damage;
}

/** Data in a bucket of another name would be deleted, and uploaded anew from a source that may be gone. */
function refuseMovedBuckets(
  { stagingId, regions, buckets }: StagingRecord,
  settings: EnvironmentSettings,
): void {
  for (const [at, region] of regions.entries()) {
    const [then, now] = [buckets[at], settings.buckets.get(region)];
    if (then === now) continue;
    throw new InputError(
      `${stagingId} is in the bucket ${then}, which environment ${settings.name} no longer names`,
      {
        why: `Its bucket in ${region} is ${now ?? "none"} now.`,
        fix: `Set the bucket of ${region} to ${then} again, or stage the data again.`,
      },
    );
  }
}

/** Whether the objects still carry the tag by which they expire with the entry. */
async function hasTtlTags(
  context: Pick<Context, "s3">,
  { stagingId, regions, buckets, ttl, uploadedAt }: StagingRecord,
): Promise<boolean> {
  const { carriedByObjects } = await import("../../../provider/expiration.ts");
  const { signal } = new AbortController();
  const found = await Promise.all(
    regions.map(async (region, at) => {
      const place = {
        stagingId,
        bucket: buckets[at] ?? "",
        ttlDays: ttl,
        uploadedAt: isoSeconds(uploadedAt),
      };
      return (await carriedByObjects(place, await context.s3(region), signal))?.ttlDays;
    }),
  );
  return found.every((days) => days === ttl);
}

/** Whether the settings file of this machine says the same of the entry as its record. */
async function isRemembered(
  { environmentName }: Pick<Context, "environmentName">,
  record: StagingRecord,
): Promise<boolean> {
  const file = settingsFile(spawnPaths().stacks, entryStackName(environmentName, record.stagingId));
  const text = await readTextIfThere(file);
  if (text === undefined) return false;
  try {
    return differences(record, parseEntrySettingsFile(text, file).spec).length === 0;
  } catch (error) {
    if (error instanceof InputError) return false; // a file that cannot be read is written anew after the update
    throw error;
  }
}

/** Replicas that are to be removed must not be locked: the record would no longer name a region that still costs money. */
async function refuseKeptReplicas(
  context: Pick<Context, "environmentName" | "s3" | "settings">,
  { stagingId: id, regions }: StagingRecord,
  after: EntryState,
  resources: readonly StateResource[],
): Promise<void> {
  const settings = await context.settings();
  const gone = regions.filter((region) => !after.regions.includes(region));
  if (gone.length === 0) return;
  const { environmentName: environment } = context;
  const again = commandLine(`spawn stage update ${id} --regions ${after.regions.join(",")}`, environment);
  const replicas = resources.filter(({ inputs }) => gone.some((region) => region === inputs?.["region"]));
  refuseProtected(entryStackName(environment, id), replicas, {
    what: `a replica of ${id}`,
    again,
    environment,
  });
  const buckets = gone.map((region) => ({ region, bucket: bucketOf(settings, region) }));
  const locks = await findLocks(context, id, buckets, serverClock.now());
  if (locks.length > 0) throw lockedError(id, locks, "nothing", again);
}

/** Somebody else's update in the meantime would be undone. */
async function refuseIfChanged(
  context: Pick<Context, "environmentName" | "tables">,
  record: StagingRecord,
): Promise<void> {
  const now = await findRecord(await context.tables(), record.stagingId);
  if (now !== undefined && JSON.stringify(recordItem(now)) === JSON.stringify(recordItem(record))) return;
  throw new UserError(`${record.stagingId} was ${now === undefined ? "deleted" : "changed"} meanwhile`, {
    why: "Another command did it after this one had begun.",
    fix: commandLine(`spawn stage info ${record.stagingId}`, context.environmentName),
  });
}

function unfinished(error: unknown, id: StagingId): unknown {
  if (!(error instanceof UserError)) return error;
  const again = `The same command again goes on with the update; ${id} can be used meanwhile.`;
  return new UserError(error.message, {
    ...(error.why === undefined ? {} : { why: error.why }),
    fix: [error.fix === undefined ? undefined : error.fix.replace(/(?<![.!?])$/, "."), again]
      .filter(Boolean)
      .join(" "),
    exitCode: error.exitCode,
    cause: error,
  });
}
