import { rm } from "node:fs/promises";
import type { EntryDetails } from "../../../../components/entry-details.ts";
import { renderEntrySettings } from "../../../../stacks/entry-settings.ts";
import { type EntrySpec, entryStackName } from "../../../../staging/entry.ts";
import type { Context } from "../../../context.ts";
import { settingsFile, writeAtomically } from "../../../engine/entry-project.ts";
import { createStack } from "../../../engine/new-stack.ts";
import { loadProgramServer } from "../../../engine/program-server.ts";
import { openSession, type SessionSource } from "../../../engine/session.ts";
import type { UpdateOptions } from "../../../engine/update.ts";
import { writableTimes } from "../../environment/environment.ts";
import { preflight } from "./preflight.ts";
import { shareUpload } from "./shared-uploads.ts";
import type { MeasuredSource } from "./source-change.ts";
import { loadProgram, stageEntry } from "./stage-entry.ts";
import { beginUpload, endUpload } from "./unfinished.ts";

/**
 * Makes one staging entry: uploads, replicates, verifies and records it. Nothing is created when the environment is not up.
 * @param source is like now, for a later resumption to compare with
 * @throws UserError when it fails; the data that arrived stay, and the error names the command that resumes
 */
export async function upload(
  context: SessionSource & Pick<Context, "account" | "anyBucketsS3" | "dynamo" | "iam" | "s3" | "tables">,
  spec: EntrySpec,
  source: MeasuredSource,
  options: UpdateOptions,
): Promise<EntryDetails> {
  const { signal } = options;
  const [session] = await Promise.all([openSession(context, signal), preflight(context, spec, source)]);
  const { settings, entryProject } = session;
  const stack = entryStackName(settings.name, spec.id);
  const entry = { spec, environment: settings, writableAt: await writableTimes(session) };
  const file = settingsFile(entryProject.project, stack);
  signal?.throwIfAborted();
  await beginUpload(stack, source);
  await writeAtomically(file, renderEntrySettings(entry));
  try {
    // While the engine makes the stack, this process has time for loading Pulumi's SDK.
    await Promise.all([createStack(entryProject, stack), loadProgram(), loadProgramServer()]);
  } catch (error) {
    await rm(file, { force: true });
    await endUpload(stack);
    throw error;
  }
  await shareUpload(entryProject, stack);
  return await stageEntry(context, entryProject, stack, entry, options);
}
