import { rm } from "node:fs/promises";
import type { EntryDetails } from "../../../../components/entry-details.ts";
import { ENTRY_SETTINGS } from "../../../../stacks/entry-settings.ts";
import { type EntrySpec, entryStackName } from "../../../../staging/entry.ts";
import type { Context } from "../../../context.ts";
import { settingsFile, writeAtomically } from "../../../engine/entry-project.ts";
import { createStack } from "../../../engine/new-stack.ts";
import { openSession, type SessionSource } from "../../../engine/session.ts";
import type { UpdateOptions } from "../../../engine/update.ts";
import { writableTimes } from "../../environment/environment.ts";
import { preflight } from "./preflight.ts";
import { shareUpload } from "./shared-uploads.ts";
import type { MeasuredSource } from "./source-change.ts";
import { stageEntry } from "./stage-entry.ts";
import { beginUpload, endUpload } from "./unfinished.ts";

/**
 * Creates one staging entry: uploads, replicates, verifies and records it. It creates nothing if the environment is not up.
 * @param source the current source, for the comparison of a later resume
 * @throws UserError if the upload fails; the sent data stay, and the error names the command that resumes it
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
  await writeAtomically(file, ENTRY_SETTINGS.render(entry));
  try {
    await createStack(entryProject, stack);
  } catch (error) {
    await rm(file, { force: true });
    await endUpload(stack);
    throw error;
  }
  await shareUpload(entryProject, stack);
  return await stageEntry(context, entryProject, stack, entry, options);
}
