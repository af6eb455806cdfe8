import { StagingEntry } from "../components/staging-entry.ts";
import { lateAwsProvider } from "./aws-provider.ts";
import type { EntrySettings } from "./entry-settings.ts";
import { readOwnState, unguardedEntries } from "./own-state.ts";
import { type Program, withReadableErrors } from "./program.ts";

/**
 * The program of the stack of one entry. Its output `entry` has the entry's details, in the same form as the output
 * `entries` of an environment's stack.
 */
export function entryProgram({ spec, environment, writableAt }: EntrySettings): Program {
  return withReadableErrors(async () => {
    // First: with the first resource, the engine begins to write the state.
    const guarded = !unguardedEntries(await readOwnState()).has(spec.id);
    const refs = { settings: environment, ...(writableAt === undefined ? {} : { writableAt }) };
    const { details } = new StagingEntry(spec.id, {
      ...{ spec, environment: refs, guarded },
      awsProvider: lateAwsProvider(),
    });
    return { entry: details };
  });
}
