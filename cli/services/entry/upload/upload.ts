import { rm } from "node:fs/promises";
import type { EntryDetails } from "../../../../components/entry-details.ts";
import { type EntrySettings, renderEntrySettings } from "../../../../stacks/entry-settings.ts";
import { type EntrySpec, entryStackName } from "../../../../staging/entry.ts";
import { UserError } from "../../../../staging/errors.ts";
import type { Region } from "../../../../staging/regions.ts";
import type { StackName } from "../../../../staging/stack-name.ts";
import { commandLine } from "../../../command-line.ts";
import type { Context } from "../../../context.ts";
import { settingsFile, writeAtomically } from "../../../engine/entry-project.ts";
import { createStack } from "../../../engine/new-stack.ts";
import type { EngineSettings } from "../../../engine/process.ts";
import { loadProgramServer } from "../../../engine/program-server.ts";
import { openSession, type SessionSource } from "../../../engine/session.ts";
import { runUpdate, type UpdateOptions } from "../../../engine/update.ts";
import { explainSystemError } from "../../../system-errors.ts";
import { explainMissing } from "../../environment/account.ts";
import { writableTimes } from "../../environment/environment.ts";
import { requireWhole } from "../../environment/ownership.ts";
import { findRecord } from "../records.ts";
import { checkEnvironmentIsUp, checkLifetimes, type Measured } from "./preflight.ts";
import { shareUpload, unshareUpload } from "./shared-uploads.ts";
import type { MeasuredSource } from "./source-change.ts";
import { beginUpload, endUpload } from "./unfinished.ts";

/**
 * Makes one staging entry: uploads, replicates, verifies and records it. Nothing is created when the environment is not up.
 * @param source is like now, for a later resumption to compare with
 * @throws UserError when it fails on the way; what is there by then stays, and the error says how to go on
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

/**
 * Brings an entry's stack to its end: what is missing is made. A region that fails does not stop the others. This machine
 * remembers the upload until its id has been told ({@link endUpload}).
 */
export async function stageEntry(
  context: Pick<Context, "tables">,
  project: EngineSettings,
  stack: StackName,
  entry: EntrySettings,
  options: UpdateOptions,
): Promise<EntryDetails> {
  const { entryProgram } = await loadProgram();
  const operation = { kind: "up", program: entryProgram(entry), continueOnError: true } as const;
  const { outputs } = await runUpdate(project, stack, operation, options).catch(async (error: unknown) => {
    throw await withEntry(context, error, entry);
  });
  await unshareUpload(project, stack);
  return outputs["entry"] as EntryDetails;
}

/** The program brings Pulumi's SDK, which takes longer to load than all else of a command. */
const loadProgram = () => import("../../../../stacks/entry-program.ts");

/** @throws InputError when the environment has not what the entry needs, or a bucket would not keep it for long enough */
export async function preflight(
  context: SessionSource & Pick<Context, "account" | "anyBucketsS3" | "dynamo" | "iam" | "s3">,
  spec: EntrySpec,
  measured: Measured,
): Promise<void> {
  const settings = await context.settings();
  const dynamodb = await context.dynamo();
  const clients = { dynamodb, s3: (region: Region) => context.s3(region) };
  // What is not up at all has an error of its own, which goes before that of what is half made.
  const [isUp, isWhole] = await Promise.allSettled([
    checkEnvironmentIsUp(settings, spec.regions, clients),
    requireWhole(context, spec.regions),
  ]);
  for (const result of [isUp, isWhole]) {
    if (result.status === "rejected") throw await explainMissing(context, result.reason);
  }
  await checkLifetimes(settings, spec, measured, clients);
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
  const { exitCode } = known;
  const command = (verb: string) => commandLine(`spawn stage ${verb} ${spec.id}`, environment.name);
  if (await isRecorded(context, spec)) {
    return new UserError(known.message, {
      why: [sentence(known.why), `The entry ${spec.id} is whole and recorded.`].filter(Boolean).join(" "),
      fix: [sentence(known.fix), `To see the entry: ${command("info")}`].filter(Boolean).join(" "),
      exitCode,
      cause: error,
    });
  }
  const ways = [`To resume it: ${command("resume")}.`, `To remove its data: ${command("delete")} --yes`];
  // Where only a new upload helps, the error says so itself.
  const isFinal = known.code !== undefined;
  return new UserError(known.message, {
    why: [sentence(known.why), `The entry ${spec.id} is incomplete and has no record.`]
      .filter(Boolean)
      .join(" "),
    fix: [isFinal ? known.fix : sentence(known.fix), ...(isFinal ? [] : ways)].filter(Boolean).join(" "),
    exitCode,
    cause: error,
  });
}

/** Whether the entry has its record. Without an answer it counts as having none: a resumption finds out. */
async function isRecorded(context: Pick<Context, "tables">, { id }: EntrySpec): Promise<boolean> {
  try {
    return (await findRecord(await context.tables(), id)) !== undefined;
  } catch {
    return false;
  }
}

const sentence = (text: string | undefined): string | undefined =>
  text === undefined || /[.!?]$/.test(text) ? text : `${text}.`;
