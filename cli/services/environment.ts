import { commandLine } from "../command-line.ts";
import type { Context } from "../context.ts";
import { takeOverDeadLocks } from "../engine/lock.ts";
import { createStack } from "../engine/new-stack.ts";
import { repairState } from "../engine/repair.ts";
import { type EngineSession, openSession } from "../engine/session.ts";
import { readOutputs } from "../engine/stacks.ts";
import { readState } from "../engine/state.ts";
import { runUpdate, type UpdateOptions, type UpdateResult } from "../engine/update.ts";
import { refuseProtected } from "./delete-guards.ts";
import { refuseWithEntries } from "./environment-entries.ts";

/** Brings the environment's stack, with the entries that it declares, to what `Pulumi.<environment>.yaml` says. */
export const environmentUp = (context: Context, options: UpdateOptions): Promise<UpdateResult> =>
  runProgram(context, "up", options);

/** What {@link environmentUp} would change. */
export const environmentPreview = (context: Context, options: UpdateOptions): Promise<UpdateResult> =>
  runProgram(context, "preview", options);

async function runProgram(
  context: Context,
  kind: "up" | "preview",
  options: UpdateOptions,
): Promise<UpdateResult> {
  const [session, config] = await Promise.all([openSession(context), context.environment()]);
  const repair = { whenLost: "refuse", onNote: options.onNote } as const;
  if (kind === "up") await takeOverDeadLocks(session.environmentProject, session.settings.name, options);
  await repairState(session.environmentProject, session.settings.name, repair);
  // Loaded here and not with the file, which commands share that run no program: Pulumi's SDK takes long to load.
  const [{ environmentProgram }] = await Promise.all([
    import("../../stacks/environment.ts"),
    createStack(session.environmentProject, session.settings.name),
  ]);
  const operation = { kind, program: environmentProgram(config) };
  return await runUpdate(session.environmentProject, session.settings.name, operation, options);
}

/**
 * Deletes the environment: tables, buckets, rules, role. The stack itself stays, empty, since removing it would delete
 * `Pulumi.<environment>.yaml` too.
 * @throws InputError while there are entries in it; it names them
 */
export async function environmentDestroy(context: Context, options: UpdateOptions): Promise<UpdateResult> {
  const session = await openSession(context);
  const { environmentProject: project, settings } = session;
  const { name } = settings;
  await takeOverDeadLocks(project, name, options);
  await repairState(project, name, { whenLost: "refuse", onNote: options.onNote });
  await refuseWithEntries(context, session);
  const again = commandLine("spawn environment destroy --yes", name);
  const { resources } = await readState(project, name);
  refuseProtected(name, resources, { what: `environment ${name}`, again, environment: name });
  return await runUpdate(project, name, { kind: "destroy", remove: false }, options);
}

/** The times, by region, from which buckets may be written: on AWS, where versioning needs time to settle. */
export async function writableTimes(
  session: EngineSession,
): Promise<Readonly<Record<string, string>> | undefined> {
  if (session.settings.cloud === "local") return undefined;
  const outputs = await readOutputs(session.environmentProject, session.settings.name);
  return outputs["writableAt"] as Readonly<Record<string, string>> | undefined;
}
