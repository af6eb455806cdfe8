import { StagingEntry } from "../components/staging-entry.ts";
import { awsProvider } from "./aws-provider.ts";
import type { EntrySettings } from "./entry-settings.ts";
import { type Program, withReadableErrors } from "./program.ts";

/**
 * The program of the stack of one entry. Its one output `entry` holds the entry's details, as the outputs of an environment's
 * stack have them under `entries`.
 */
export function entryProgram({ spec, environment, writableAt }: EntrySettings): Program {
  return withReadableErrors(async () => {
    const refs = { settings: environment, ...(writableAt === undefined ? {} : { writableAt }) };
    const options = { providers: [awsProvider()] };
    const { details } = new StagingEntry(spec.id, { spec, environment: refs }, options);
    return { entry: details };
  });
}
