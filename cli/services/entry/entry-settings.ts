import { undefinedIf } from "../../../connection/errors/failure.ts";
import { readTextIfThere } from "../../../files/read.ts";
import { spawnPaths } from "../../../local/paths.ts";
import { ENTRY_SETTINGS, type EntrySettings } from "../../../stacks/entry-settings.ts";
import { InputError } from "../../../staging/errors.ts";
import type { StackName } from "../../../staging/stack-name.ts";
import { settingsFile } from "../../engine/entry-project.ts";

/** The settings file of an entry's stack on this machine; undefined without one. @throws InputError if it is damaged */
export async function readEntrySettings(stack: StackName): Promise<EntrySettings | undefined> {
  const file = settingsFile(spawnPaths().stacks, stack);
  const text = await readTextIfThere(file);
  return text === undefined ? undefined : ENTRY_SETTINGS.parseFile(text, file);
}

/** {@link readEntrySettings}, for commands that work without the file: undefined also for a damaged one. */
export async function entrySettingsHere(stack: StackName): Promise<EntrySettings | undefined> {
  return await undefinedIf((error) => error instanceof InputError, readEntrySettings(stack));
}
