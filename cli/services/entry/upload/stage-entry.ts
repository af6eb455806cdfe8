import type { EntryDetails } from "../../../../components/entry-details.ts";
import type { EntrySettings } from "../../../../stacks/entry-settings.ts";
import type { EntrySpec } from "../../../../staging/entry.ts";
import { UserError } from "../../../../staging/errors.ts";
import type { StackName } from "../../../../staging/stack-name.ts";
import { commandLine, commandsIn } from "../../../command-line.ts";
import type { Context } from "../../../context.ts";
import type { EngineSettings } from "../../../engine/process.ts";
import { runUpdate, type UpdateOptions } from "../../../engine/update.ts";
import { explainSystemError } from "../../../system-errors.ts";
import { sentences } from "../../common/sentences.ts";
import { findRecord } from "../records.ts";
import { unshareUpload } from "./shared-uploads.ts";
import { endUpload } from "./unfinished.ts";

/**
 * Updates an entry's stack, which creates everything that is missing. If a region fails, the others continue. The journal of the upload
 * stays until the command has printed the ID ({@link endUpload}).
 */
export async function stageEntry(
  context: Pick<Context, "tables">,
  project: EngineSettings,
  stack: StackName,
  entry: EntrySettings,
  options: UpdateOptions,
): Promise<EntryDetails> {
  const program = async () => (await import("../../../../stacks/entry-program.ts")).entryProgram(entry);
  const operation = { kind: "up", program, continueOnError: true } as const;
  const { outputs } = await runUpdate(project, stack, operation, options).catch(async (error: unknown) => {
    throw await withEntry(context, error, entry);
  });
  await unshareUpload(project, stack);
  return outputs["entry"] as EntryDetails;
}

/**
 * The same error with the state of the entry and the commands for it. An entry with a record is complete, so the error
 * offers neither a resume nor a deletion.
 */
export async function withEntry(
  context: Pick<Context, "tables">,
  error: unknown,
  { spec, environment }: EntrySettings,
): Promise<unknown> {
  const known = error instanceof UserError ? error : explainSystemError(error);
  if (known === undefined) return error;
  const { exitCode } = known.inEnvironment(commandsIn(environment.name));
  const command = (verb: string) => commandLine(`spawn stage ${verb} ${spec.id}`, environment.name);
  if (await isRecorded(context, spec)) {
    return new UserError(known.message, {
      why: sentences(known.why, `The entry ${spec.id} is whole and recorded.`),
      fix: sentences(known.fix, `To see the entry: ${command("info")}`),
      exitCode,
      cause: error,
    });
  }
  const ways = [`To resume it: ${command("resume")}.`, `To remove its data: ${command("delete")} --yes`];
  // An error with a code already says that only a new upload helps.
  const isFinal = known.code !== undefined;
  return new UserError(known.message, {
    why: sentences(known.why, `The entry ${spec.id} is incomplete and has no record.`),
    fix: sentences(known.fix, ...(isFinal ? [] : ways)),
    exitCode,
    cause: error,
  });
}

/** Whether the entry has its record. If the table does not respond, the answer is no: a resume finds out. */
async function isRecorded(context: Pick<Context, "tables">, { id }: EntrySpec): Promise<boolean> {
  try {
    return (await findRecord(await context.tables(), id)) !== undefined;
  } catch {
    return false;
  }
}
