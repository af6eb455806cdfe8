import { rm } from "node:fs/promises";
import { spawnPaths } from "../../local/paths.ts";
import { readTextIfThere } from "../../stacks/files.ts";
import { parseEntrySettingsFile } from "../../stacks/settings-file.ts";
import { entryStackName, filenameOf } from "../../staging/entry.ts";
import { InputError } from "../../staging/errors.ts";
import type { StagingId } from "../../staging/ids.ts";
import { commandLine } from "../command-line.ts";
import type { Context } from "../context.ts";
import { settingsFile } from "../engine/entry-project.ts";
import { openSession } from "../engine/session.ts";
import { listStacks } from "../engine/stacks.ts";
import { runUpdate, type UpdateOptions } from "../engine/update.ts";
import { findRecord } from "./records.ts";
import { settleStack } from "./resume.ts";
import { claimUpload, endUpload } from "./unfinished.ts";

/** An entry that `stage delete` can delete. */
export interface Deletable {
  readonly id: StagingId;
  readonly stack: string;
  /** Undefined for an unfinished entry of another machine. */
  readonly filename: string | undefined;
  /** Undefined for an unfinished entry. */
  readonly sizeBytes: number | undefined;
  readonly regions: readonly string[];
}

/**
 * Looks an entry up by its record or, where its upload never ended, by the settings of its stack.
 * @throws InputError when there is none of that id, or when it is declared in the environment's configuration
 */
export async function findDeletable(context: Context, id: StagingId): Promise<Deletable> {
  const [record, settings] = await Promise.all([
    context.tables().then((tables) => findRecord(tables, id)),
    context.settings(),
  ]);
  if (record !== undefined) {
    if (record.declaredAs !== undefined) throw declaredElsewhere(id, record.declaredAs, settings.name);
    const { filename, sizeBytes, regions, stack } = record;
    return { id, stack, filename, sizeBytes, regions };
  }
  const unfinished = await findUnfinished(context, id, entryStackName(settings.name, id));
  if (unfinished !== undefined) return unfinished;
  throw new InputError(`there is no staging entry ${id} in environment ${settings.name}`, {
    why: "It was deleted, has expired, or belongs to another environment.",
    fix: commandLine("spawn stage list", settings.name),
  });
}

/** An entry without a record, by the settings file of its stack or, where another machine has that, by the stack alone. */
async function findUnfinished(
  context: Context,
  id: StagingId,
  stack: string,
): Promise<Deletable | undefined> {
  const file = settingsFile(spawnPaths().stacks, stack);
  const text = await readTextIfThere(file);
  if (text !== undefined) {
    const { spec } = parseEntrySettingsFile(text, file);
    return { id, stack, filename: filenameOf(spec.source), sizeBytes: undefined, regions: spec.regions };
  }
  const stacks = await listStacks((await openSession(context)).entryProject);
  return stacks.includes(stack)
    ? { id, stack, filename: undefined, sizeBytes: undefined, regions: [] }
    : undefined;
}

function declaredElsewhere(id: StagingId, item: string, environment: string): InputError {
  const file = `Pulumi.${environment}.yaml`;
  return new InputError(`${id} is declared in ${file} as item ${item} of spawn:entries`, {
    why: "The next update would make it again.",
    fix: `Remove the item ${item} from ${file}, then run: ${commandLine("spawn environment up", environment)}`,
  });
}

/**
 * Destroys the entry's stack: first the record, then the data of every region; at last the stack itself. What an upload
 * that was killed has left goes, too.
 * @throws UserError when another process is uploading it right now
 */
export async function deleteEntry(context: Context, entry: Deletable, options: UpdateOptions): Promise<void> {
  const { id, stack } = entry;
  await claimUpload(stack);
  const { entryProject } = await openSession(context);
  // A whole entry, too: an update of it may have been killed, on any machine.
  const { exists } = await settleStack(context, entryProject, stack, id, "adopt", options);
  const isRecorded = entry.sizeBytes !== undefined;
  // A record without a stack is not to be deleted here: the engine says which stack is missing.
  if (exists || isRecorded) await runUpdate(entryProject, stack, { kind: "destroy", remove: true }, options);
  else await rm(settingsFile(entryProject.project, stack), { force: true });
  await endUpload(stack);
}
