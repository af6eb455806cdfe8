import { withItem } from "../../../stacks/entries-file.ts";
import { freeItemName, itemOf } from "../../../staging/declared-item.ts";
import { declaredSource } from "../../../staging/declared-source.ts";
import type { EntrySpec } from "../../../staging/entry.ts";
import { settingsFileName } from "../../../staging/environment.ts";
import { InputError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import type { Context, EntryContext } from "../../context.ts";
import { moveComponent } from "../../engine/move.ts";
import type { UpdateOptions } from "../../engine/update.ts";
import { requireRecord } from "../entry/absent.ts";
import { editFile } from "./entries-file.ts";
import { findInStacks, removeOwnStack } from "./two-stacks.ts";

type AdoptContext = EntryContext & Pick<Context, "environment" | "projectFolder">;

/**
 * Moves an entry from its own stack to the environment's file and stack. The item comes first: until the stack has the entry, an update
 * refuses the item. Repeated after a crash, it completes the missing steps. The next update of the environment changes the record.
 * @param wanted the item's name. @default follows from the name of the data
 * @returns the item's name
 * @throws InputError if the entry is declared, or if another item has the name
 */
export async function adoptEntry(
  context: AdoptContext,
  id: StagingId,
  wanted: string | undefined,
  options: UpdateOptions,
): Promise<string> {
  const record = await requireRecord(context, id);
  const stacks = await findInStacks(context, record, options);
  const { entries } = await context.environment();
  const before = entries.find(({ adoptedId }) => adoptedId === id)?.declaredAs;
  if (!stacks.inOwn && (record.declaredAs !== undefined || before === undefined)) {
    throw new InputError(`${id} belongs to the stack of environment ${context.environmentName} already`, {
      why: `It has no stack of its own: it was declared in ${settingsFileName(context.environmentName)}.`,
    });
  }
  const item = before ?? (await declare(context, stacks.spec, itemName(stacks.spec, wanted, entries)));
  const { session, stack, urn } = stacks;
  if (!stacks.inEnvironment) {
    const move = { from: stack, to: session.settings.name };
    await moveComponent(session.environmentProject, urn, move, options);
  }
  if (stacks.hasOwnStack) await removeOwnStack(context, stacks);
  return item;
}

function itemName(spec: EntrySpec, wanted: string | undefined, entries: readonly EntrySpec[]): string {
  const taken = new Set(entries.flatMap(({ declaredAs }) => declaredAs ?? []));
  if (wanted === undefined) return freeItemName(spec, taken);
  if (!taken.has(wanted)) return wanted;
  throw new InputError(`spawn:entries has an item ${wanted} already`, { fix: "--name NAME, another name" });
}

async function declare(context: AdoptContext, spec: EntrySpec, name: string): Promise<string> {
  const { canonical } = declaredSource(spec.source, context.projectFolder);
  await editFile(context, (text, file) => withItem(text, file, itemOf(spec, name, canonical)));
  return name;
}
