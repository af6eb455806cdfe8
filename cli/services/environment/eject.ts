import { withItemKey, withoutItem } from "../../../stacks/entries-file.ts";
import { ENTRY_SETTINGS } from "../../../stacks/entry-settings.ts";
import { InputError } from "../../../staging/errors.ts";
import { isStagingId, type StagingId } from "../../../staging/ids.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import { commandLine } from "../../command-line.ts";
import type { Context, EntryContext } from "../../context.ts";
import { settingsFile, writeAtomically } from "../../engine/entry-project.ts";
import { moveComponent } from "../../engine/move.ts";
import { createStack } from "../../engine/new-stack.ts";
import { openSession } from "../../engine/session.ts";
import { readStateOrBackup } from "../../engine/state.ts";
import type { UpdateOptions } from "../../engine/update.ts";
import { requireRecord } from "../entry/absent.ts";
import { resolveId } from "../entry/resolve-id.ts";
import { editFile } from "./entries-file.ts";
import { writableTimes } from "./environment.ts";
import { itemsOf } from "./held.ts";
import { findInStacks, removeOwnStack, type TwoStacks } from "./two-stacks.ts";

type EjectContext = EntryContext & Pick<Context, "environment" | "projectFolder">;

/**
 * Moves a declared entry from the environment's file and stack to a stack of its own. The item first gets the entry's ID, so that an
 * update refuses it once its stack no longer has the entry. The item is removed last, so that its name still finds the entry if the
 * command is repeated after a crash; that completes the missing steps.
 * @param text the item's name, or the entry's ID
 * @param update updates the entry's own stack, which changes the record
 * @throws InputError if the entry is not declared
 */
export async function ejectEntry(
  context: EjectContext,
  text: string,
  update: (record: StagingRecord) => Promise<unknown>,
  options: UpdateOptions,
): Promise<StagingId> {
  const { entries } = await context.environment();
  const items = await stagedItems(context);
  const id = await idOf(context, text, items);
  const record = await requireRecord(context, id);
  const stacks = await findInStacks(context, record, options);
  const declared = entries.find(({ adoptedId }) => adoptedId === id);
  if (!stacks.inEnvironment && record.declaredAs === undefined && declared === undefined) {
    throw new InputError(`${id} has a stack of its own already`, {
      why: `The stack of environment ${context.environmentName} does not have it.`,
    });
  }
  const item = items.get(id) ?? declared?.declaredAs;
  if (stacks.inEnvironment) {
    if (item !== undefined) {
      await editFile(context, (before, file) => {
        withoutItem(before, file, item); // Refuses now what the last step could not do.
        return declared === undefined ? withItemKey(before, file, item, "id", id) : before;
      });
    }
    await moveOut(context, stacks, options);
  }
  await update(record);
  if (item !== undefined) await editFile(context, (before, file) => withoutItem(before, file, item));
  return id;
}

/** Names of the items with entries in the environment's stack, by ID. */
async function stagedItems(context: EjectContext): Promise<ReadonlyMap<string, string>> {
  const [{ entries, settings }, { environmentProject }] = await Promise.all([
    context.environment(),
    openSession(context),
  ]);
  const { resources } = await readStateOrBackup(environmentProject, settings.name);
  return itemsOf(settings.name, entries, resources);
}

async function idOf(
  context: EjectContext,
  text: string,
  items: ReadonlyMap<string, string>,
): Promise<StagingId> {
  const { entries } = await context.environment();
  const named = entries.find(({ declaredAs }) => declaredAs === text);
  if (named === undefined) return await resolveId(context, text);
  const ids = [...items].flatMap(([id, name]) => (name === text && isStagingId(id) ? [id] : []));
  const [id = named.adoptedId, ...others] = ids;
  if (id !== undefined && others.length === 0) return id;
  throw new InputError(`the item ${text} has ${id === undefined ? "no entry" : `${ids.length} entries`}`, {
    why: id === undefined ? "No update has staged it." : "No update has deleted the old one.",
    fix: commandLine("spawn environment up", context.environmentName),
  });
}

async function moveOut(context: EjectContext, stacks: TwoStacks, options: UpdateOptions): Promise<void> {
  const { session, stack, spec, urn } = stacks;
  const { entryProject, settings: environment } = session;
  // A crash left a second copy of its resources, or an empty stack.
  if (stacks.hasOwnStack) await removeOwnStack(context, stacks);
  const settings = { spec, environment, writableAt: await writableTimes(session) };
  await writeAtomically(settingsFile(entryProject.project, stack), ENTRY_SETTINGS.render(settings));
  await createStack(entryProject, stack);
  await moveComponent(entryProject, urn, { from: environment.name, to: stack }, options);
}
