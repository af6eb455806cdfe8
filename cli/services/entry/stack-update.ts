import { rm } from "node:fs/promises";
import { ENTRY_SETTINGS, type EntrySettings } from "../../../stacks/entry-settings.ts";
import { type EntrySpec, entryStackName } from "../../../staging/entry.ts";
import type { EntryState } from "../../../staging/entry-update.ts";
import { bucketOf } from "../../../staging/environment.ts";
import { UserError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { recordItem, type StagingRecord } from "../../../staging/record.ts";
import { RECORD_TYPE } from "../../../staging/resources/tokens.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { commandLine } from "../../command-line.ts";
import type { Context, UpdateContext } from "../../context.ts";
import { settingsFile, writeAtomically } from "../../engine/entry-project.ts";
import { openSession } from "../../engine/session.ts";
import type { StateResource } from "../../engine/state.ts";
import { runUpdate, type UpdateOptions } from "../../engine/update.ts";
import { sentences } from "../common/sentences.ts";
import { writableTimes } from "../environment/environment.ts";
import { findLocks, lockedError } from "../environment/object-locks.ts";
import { refuseProtected } from "./delete-guards.ts";
import { findRecord } from "./records.ts";
import { settleStack } from "./settle-stack.ts";
import { noStack, refuseForeign } from "./stack-of-record.ts";
import { specInState } from "./state-spec.ts";
import { preflight } from "./upload/preflight.ts";

/** A change of an entry's stack. */
export interface StackUpdate {
  /** The entry before the change. */
  readonly record: StagingRecord;
  readonly after: EntryState;
  /** Whether the item in the table may differ from the record, or be missing. @default false */
  readonly isRepair?: boolean;
}

/**
 * Makes a planned change. It moves no data except for added and removed replicas. All other properties come from the record and the
 * stack's state, so any machine with the same backend can run the update.
 * @returns whether anything was done
 * @throws UserError if the update fails; the same command resumes it
 */
export async function updateEntry(
  context: UpdateContext,
  { record, after, isRepair = false }: StackUpdate,
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
  const spec: EntrySpec = specInState(settled.resources, id, after, environment.name);
  await preflight(context, spec, record);
  const settings: EntrySettings = { spec, environment, writableAt: await writableTimes(session) };
  // An upload was killed right after it wrote the record. The record was deleted, and this update writes it again.
  const isRecordAgain = settled.creating.some(({ type }) => type === RECORD_TYPE);
  if (!isRecordAgain && !isRepair) await refuseIfChanged(context, record);
  // Without continueOnError, unlike an upload: after an error nothing may be deleted. The refresh shows manual changes, which the
  // state alone does not.
  const program = async () => (await import("../../../stacks/entry-program.ts")).entryProgram(settings);
  const operation = { kind: "up", program, refresh: true } as const;
  const file = settingsFile(entryProject.project, stack);
  await rm(file, { force: true });
  const result = await runUpdate(entryProject, stack, operation, options).catch((error: unknown) => {
    throw unfinished(error, id);
  });
  await writeAtomically(file, ENTRY_SETTINGS.render(settings));
  return Object.keys(result.changes).some((change) => change !== "same");
}

/** Refuses to remove locked replicas: the record would no longer name a region that still costs money. */
async function refuseKeptReplicas(
  context: Pick<Context, "environmentName" | "s3" | "settings" | "store">,
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

/** Refuses to undo another command's update since this one was planned. */
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
  const again = `Repeat the command to resume the update; ${id} can be used meanwhile.`;
  const { message, why, fix, exitCode } = error;
  return new UserError(message, { why, fix: sentences(fix, again), exitCode, cause: error });
}
