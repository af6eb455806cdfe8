import { rm } from "node:fs/promises";
import type { EntryDetails } from "../../components/entry-details.ts";
import { renderEntrySettings } from "../../stacks/settings-file.ts";
import { entryProgram } from "../../stacks/staging.ts";
import { type EntrySpec, entryStackName } from "../../staging/entry.ts";
import { UserError } from "../../staging/errors.ts";
import { commandLine } from "../command-line.ts";
import type { Context } from "../context.ts";
import { settingsFile, writeAtomically } from "../engine/entry-project.ts";
import { type EngineSession, openSession } from "../engine/session.ts";
import { createStack } from "../engine/stacks.ts";
import { runUpdate, type UpdateOptions } from "../engine/update.ts";
import { writableTimes } from "./environment.ts";
import { checkEnvironmentIsUp } from "./preflight.ts";

/**
 * Makes one staging entry: uploads, replicates, verifies and records it. Nothing is created when the environment is not up.
 * @throws UserError when it fails on the way; what is there by then stays, and the error says how to go on
 */
export async function upload(
  context: Context,
  spec: EntrySpec,
  options: UpdateOptions,
): Promise<EntryDetails> {
  const [session] = await Promise.all([openSession(context), preflight(context, spec)]);
  const { settings, entryProject } = session;
  const stack = entryStackName(settings.name, spec.id);
  const entry = { spec, environment: settings, writableAt: await writableTimes(session) };
  const file = settingsFile(entryProject.project, stack);
  await writeAtomically(file, renderEntrySettings(entry));
  try {
    await createStack(entryProject, stack);
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
  const { outputs } = await runUpdate(
    entryProject,
    stack,
    { kind: "up", program: entryProgram(entry) },
    options,
  ).catch((error: unknown) => {
    throw incomplete(error, spec, session);
  });
  return outputs["entry"] as EntryDetails;
}

async function preflight(context: Context, spec: EntrySpec): Promise<void> {
  const settings = await context.settings();
  const dynamodb = await context.dynamo();
  await checkEnvironmentIsUp(settings, spec.regions, { dynamodb, s3: (region) => context.s3(region) });
}

/** The same error, which also tells that parts of the entry may be there and what to do about them. */
function incomplete(error: unknown, spec: EntrySpec, { settings }: EngineSession): unknown {
  if (!(error instanceof UserError)) return error;
  const remove = `To remove what is there: ${commandLine(`spawn stage delete ${spec.id} --yes`, settings.name)}`;
  return new UserError(error.message, {
    why: [sentence(error.why), `The entry ${spec.id} is incomplete and has no record.`]
      .filter(Boolean)
      .join(" "),
    fix: [sentence(error.fix), remove].filter(Boolean).join(" "),
    exitCode: error.exitCode,
    cause: error,
  });
}

const sentence = (text: string | undefined): string | undefined =>
  text === undefined || /[.!?]$/.test(text) ? text : `${text}.`;
