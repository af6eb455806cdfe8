import { DeleteItemCommand } from "@aws-sdk/client-dynamodb";
import type { EntryDetails } from "../../components/entry-details.ts";
import { renderEntrySettings } from "../../stacks/settings-file.ts";
import { entryStackName } from "../../staging/entry.ts";
import { InputError, UserError } from "../../staging/errors.ts";
import type { StagingId } from "../../staging/ids.ts";
import { RECORD_KEY } from "../../staging/record.ts";
import { commandLine } from "../command-line.ts";
import type { Context } from "../context.ts";
import { settingsFile, writeAtomically } from "../engine/entry-project.ts";
import { takeOverDeadLocks } from "../engine/lock.ts";
import { createStack } from "../engine/new-stack.ts";
import { type Cut, type Settled, settlePending } from "../engine/pending.ts";
import type { EngineSettings } from "../engine/process.ts";
import { openSession } from "../engine/session.ts";
import type { UpdateOptions } from "../engine/update.ts";
import { deleteCutAccessPoints } from "./access-points.ts";
import { type IncompleteEntry, readIncomplete } from "./incomplete.ts";
import { findRecord } from "./records.ts";
import { inspectSource } from "./source.ts";
import { changeOf, claimUpload } from "./unfinished.ts";
import { preflight, stageEntry } from "./upload.ts";

/**
 * An entry whose upload can be gone on with.
 * @throws InputError when there is no such entry, when it is whole, or when it was begun on another machine
 */
export async function findResumable(context: Context, id: StagingId): Promise<IncompleteEntry> {
  const { name } = await context.settings();
  const incomplete = await readIncomplete(context, entryStackName(name, id));
  if (incomplete !== undefined) return incomplete;
  if ((await findRecord(await context.tables(), id)) !== undefined) {
    throw new InputError(`${id} is whole: there is nothing to resume`, {
      fix: commandLine(`spawn stage info ${id}`, name),
    });
  }
  throw new InputError(`there is no interrupted upload ${id} in environment ${name}`, {
    why: "It was deleted, it has expired, or it was begun on another machine.",
    fix: commandLine("spawn stage list --incomplete", name),
  });
}

/**
 * Goes on with an upload where it was interrupted: under its id, with its options, sending what has not arrived.
 * @throws UserError when its source is not what it was, or another process is at it
 */
export async function resumeUpload(
  context: Context,
  { stack, settings, unfinished }: IncompleteEntry,
  options: UpdateOptions,
): Promise<EntryDetails> {
  const { spec } = settings;
  const source = await inspectSource(context, spec.source, spec);
  const change = await changeOf(unfinished, spec.source);
  if (change !== undefined) {
    const remove = commandLine(`spawn stage delete ${spec.id} --yes`, settings.environment.name);
    throw new UserError(`${spec.source} has changed since the upload of ${spec.id} began`, {
      why: change,
      fix: `${remove}, then upload it again`,
    });
  }
  await claimUpload(stack);
  const [session] = await Promise.all([openSession(context), preflight(context, spec, source)]);
  const { exists } = await settleStack(context, session.entryProject, stack, spec.id, "again", options);
  if (!exists) await createStack(session.entryProject, stack);
  await writeAtomically(settingsFile(session.entryProject.project, stack), renderEntrySettings(settings));
  return await stageEntry(session.entryProject, stack, settings, options);
}

/** Makes a stack whose last update was killed one that the engine can update or destroy. */
export async function settleStack(
  context: Context,
  project: EngineSettings,
  stack: string,
  id: StagingId,
  cut: Cut,
  options: UpdateOptions,
): Promise<Settled> {
  await takeOverDeadLocks(project, stack, options);
  return await settlePending(project, stack, cut, async (creating) => {
    if (creating.some(({ type }) => type === RECORD_TYPE)) await deleteRecord(context, id);
    await deleteCutAccessPoints(context, creating);
  });
}

/** The type of an entry's record. */
export const RECORD_TYPE = "aws:dynamodb/tableItem:TableItem";

/** Deletes a record that may have been written without the engine's knowledge: it would refuse to write it again. */
async function deleteRecord(context: Context, id: StagingId): Promise<void> {
  const { client, settings } = await context.tables();
  await client.send(
    new DeleteItemCommand({ TableName: settings.recordsTable, Key: { [RECORD_KEY]: { S: id } } }),
  );
}
