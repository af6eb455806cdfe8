import { type EntrySpec, entryStackName } from "../staging/entry.ts";
import { parseEntrySpec } from "../staging/entry-values.ts";
import { type StackSettings, settingsOf, type Times } from "./stack-settings.ts";

/** The inputs of the stack of one entry. */
export interface EntrySettings extends StackSettings<EntrySpec> {
  readonly writableAt: Times;
}

export const ENTRY_SETTINGS = settingsOf<EntrySpec>(
  "entry",
  parseEntrySpec,
  (environment, { id }) => entryStackName(environment, id),
  "delete its own data",
);
