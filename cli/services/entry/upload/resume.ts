import type { EntryDetails } from "../../../../components/entry-details.ts";
import { ENTRY_SETTINGS, type EntrySettings } from "../../../../stacks/entry-settings.ts";
import { entryStackName } from "../../../../staging/entry.ts";
import { InputError, UserError } from "../../../../staging/errors.ts";
import type { StagingId } from "../../../../staging/ids.ts";
import { serverClock } from "../../../../staging/server-clock.ts";
import { expiresAt } from "../../../../staging/ttl.ts";
import { commandLine } from "../../../command-line.ts";
import type { Context, EntryContext, UpdateContext } from "../../../context.ts";
import { settingsFile, writeAtomically } from "../../../engine/entry-project.ts";
import { takeOverDeadLocks } from "../../../engine/lock.ts";
import { createStack } from "../../../engine/new-stack.ts";
import type { EngineSettings } from "../../../engine/process.ts";
import { reopenData } from "../../../engine/reopen.ts";
import { openSession } from "../../../engine/session.ts";
import type { UpdateOptions } from "../../../engine/update.ts";
import { absentEntry } from "../absent.ts";
import { type IncompleteEntry, readIncomplete } from "../listing/incomplete.ts";
import { damageError, regionPresence } from "../presence.ts";
import { findRecord } from "../records.ts";
import { settleStack } from "../settle-stack.ts";
import { refuseOverlapIn } from "./overlap.ts";
import { preflight } from "./preflight.ts";
import { shareUpload } from "./shared-uploads.ts";
import { inspectSource } from "./source.ts";
import { changeOf, isOfOtherKind, kindOf } from "./source-change.ts";
import { stageEntry, withEntry } from "./stage-entry.ts";
import { claimUpload, remeasureUpload, type Unfinished } from "./unfinished.ts";

/**
 * An entry whose upload can be resumed.
 * @throws InputError if the entry does not exist, is whole, or began on another machine
 * @throws UserError if its upload has ended and its data are damaged
 */
export async function findResumable(
  context: EntryContext & Pick<Context, "anyBucketsS3">,
  id: StagingId,
): Promise<IncompleteEntry> {
  const { name } = await context.settings();
  const incomplete = await readIncomplete(context, entryStackName(name, id));
  if (incomplete !== undefined) return incomplete;
  const record = await findRecord(await context.tables(), id);
  if (record !== undefined) {
    const damage = damageError(record, await regionPresence(context, record), name);
    if (damage !== undefined) throw damage;
    throw new InputError(`${id} is whole: there is nothing to resume`, {
      fix: commandLine(`spawn stage info ${id}`, name),
    });
  }
  throw await absentEntry(context, id, noUpload);
}

const noUpload = ({ environmentName }: Pick<Context, "environmentName">, id: StagingId): InputError =>
  new InputError(`there is no interrupted upload ${id} in environment ${environmentName}`, {
    why: "It was deleted, it has expired, or it was begun on another machine.",
    fix: commandLine("spawn stage list --incomplete", environmentName),
  });

/**
 * Resumes an interrupted upload under its id and with its options, and sends only the missing data. If the source has changed,
 * it also sends the changed data again, to every region.
 * @throws UserError if it has expired, or another process works on it
 */
export async function resumeUpload(
  context: UpdateContext,
  entry: IncompleteEntry,
  options: UpdateOptions,
): Promise<EntryDetails> {
  const { stack, settings } = entry;
  const project = await makeReady(context, entry, options).catch(async (error: unknown) => {
    throw await withEntry(context, error, settings);
  });
  return await stageEntry(context, project, stack, settings, options);
}

/** Prepares the entry's stack for an update. */
async function makeReady(
  context: UpdateContext,
  { stack, settings, unfinished }: IncompleteEntry,
  options: UpdateOptions,
): Promise<EngineSettings> {
  const { spec } = settings;
  const { signal } = options;
  refuseUseless(unfinished, settings);
  await refuseOverlapIn(context, spec);
  const source = await inspectSource(context, spec.source, { ...spec, name: spec.filename, signal });
  const change = changeOf(unfinished, source);
  if (isOfOtherKind(unfinished, source)) {
    const why = "A file is stored under another key than a directory.";
    throw startAnew(settings, `${spec.source} was a ${kindOf(unfinished)} when ${spec.id} was begun`, why);
  }
  const [session] = await Promise.all([openSession(context, signal), preflight(context, spec, source)]);
  const { entryProject: project } = session;
  // A resume that is refused here has changed nothing.
  await takeOverDeadLocks(project, stack, options);
  if (!(await claimUpload(stack, "upload"))) {
    throw new UserError(`${spec.id} was deleted or completed meanwhile`, {
      why: "Another command did it after this one had begun.",
      fix: commandLine("spawn stage list", settings.environment.name),
    });
  }
  const { exists } = await settleStack(context, project, stack, spec.id, "recreate", options);
  signal?.throwIfAborted();
  if (change !== undefined) {
    options.onNote?.(
      `${spec.source} has changed since the upload began: the changed data are sent again, the rest is kept. ${change}`,
      "warning",
    );
    if (exists) await reopenData(project, stack);
    // Only now: if this command is killed before, the next one finds the change again.
    await remeasureUpload(stack, source);
  }
  if (!exists) await createStack(project, stack);
  await writeAtomically(settingsFile(project.project, stack), ENTRY_SETTINGS.render(settings));
  await shareUpload(project, stack);
  return project;
}

/** @throws UserError if a part of the upload may be deleted already, though the stack's state has it */
function refuseUseless(unfinished: Unfinished, settings: EntrySettings): void {
  const { id, ttl } = settings.spec;
  if (unfinished.deleting) throw startAnew(settings, `the deletion of ${id} has begun`, "It did not end.");
  // The first objects may have expired.
  const end = expiresAt(new Date(unfinished.startedAt), ttl);
  if (end > serverClock.now()) return;
  throw startAnew(settings, `${id} has expired`, `It was begun on ${unfinished.startedAt}, for ${ttl} days.`);
}

function startAnew({ spec, environment }: EntrySettings, message: string, why: string): UserError {
  const remove = commandLine(`spawn stage delete ${spec.id} --yes`, environment.name);
  return new UserError(message, { code: "cannot-complete", why, fix: `${remove}, then upload it again` });
}
