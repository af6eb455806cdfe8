import { describeMissing } from "../../../staging/ownership/missing.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import { takeOverDeadLocks } from "../../engine/lock.ts";
import { repairState } from "../../engine/repair.ts";
import { type EngineSession, openSession, type SessionSource } from "../../engine/session.ts";
import { readOutputs } from "../../engine/stacks.ts";
import { readState } from "../../engine/state.ts";
import { runUpdate, type UpdateOptions, type UpdateResult } from "../../engine/update.ts";
import { refuseProtected } from "../entry/delete-guards.ts";
import { refuseKept } from "./declared.ts";
import {
  isProtectedByProgram,
  protectedTables,
  unprotect,
  withDeletableTables,
} from "./deletion-protection.ts";
import { refuseWithEntries } from "./entries.ts";
import { type EnvironmentPlan, planEnvironment } from "./plan.ts";
import { deleteLogsLeft, refuseWithSweeps } from "./sweeps.ts";

/**
 * Updates the environment's stack, with its declared entries, to match `Pulumi.<environment>.yaml`. It creates resources again
 * that are only in the state, takes back what was edited by hand, and takes over resources that are only in AWS and carry the
 * environment's tags.
 * @param plan from {@link planEnvironment}, after the user has agreed to what it deletes
 */
export async function environmentUp(
  context: SessionSource &
    Pick<Context, "account" | "anyBucketsS3" | "dynamo" | "environment" | "environmentName" | "iam" | "s3">,
  plan: EnvironmentPlan,
  options: UpdateOptions,
): Promise<UpdateResult> {
  await refuseKept(context, plan.session.environmentProject, plan.config.entries);
  const result = await runProgram("up", plan, options);
  if (!result.changes["import"]) return result;
  // What was taken over is as it was found; only now can it be made what the settings say.
  const second = await runProgram("up", await planEnvironment(context), options);
  return { ...second, changes: sumOf(result.changes, second.changes) };
}

/** What {@link environmentUp} would change. */
export const environmentPreview = (plan: EnvironmentPlan, options: UpdateOptions): Promise<UpdateResult> =>
  runProgram("preview", plan, options);

/**
 * Makes the state readable and free, which comes before everything else of an update.
 * @throws UserError when another update is running
 */
export async function prepareEnvironment(
  context: SessionSource,
  options: Pick<UpdateOptions, "onNote">,
): Promise<void> {
  const { environmentProject, settings } = await openSession(context);
  await takeOverDeadLocks(environmentProject, settings.name, options);
  await repairState(environmentProject, settings.name, { whenLost: "refuse", onNote: options.onNote });
}

async function runProgram(
  kind: "up" | "preview",
  { session, config, held, lost, left }: EnvironmentPlan,
  options: UpdateOptions,
): Promise<UpdateResult> {
  for (const missing of lost)
    options.onNote?.(
      `${describeMissing(missing)} is missing${missing.settings === undefined ? "" : " or was edited"} and is created again`,
      "warning",
    );
  // The program refuses to leave a bucket with data; one without may go.
  if (kind === "up") await unprotect(session.environmentProject, session.settings.name, left);
  // Loaded here and not with the file, which commands share that run no program: Pulumi's SDK takes long to load.
  const { environmentProgram } = await import("../../../stacks/environment-program.ts");
  // The state alone would call unchanged what somebody has edited by hand.
  const operation = { kind, program: environmentProgram(config, held), refresh: true };
  return await runUpdate(session.environmentProject, session.settings.name, operation, options);
}

/** Counts of two updates of the same stack; what the second left as it was is counted by the first. */
function sumOf(
  first: Readonly<Record<string, number>>,
  second: Readonly<Record<string, number>>,
): Record<string, number> {
  const sum: Record<string, number> = { ...first };
  for (const [op, count] of Object.entries(second)) if (op !== "same") sum[op] = (sum[op] ?? 0) + count;
  return sum;
}

/**
 * Deletes the environment: tables, buckets, rules, role. The stack itself stays, empty, since removing it would delete
 * `Pulumi.<environment>.yaml` too.
 * @throws InputError while there are sweeps or entries in it; it names them
 */
export async function environmentDestroy(
  context: SessionSource & Pick<Context, "dynamo" | "environment" | "s3" | "tables">,
  options: UpdateOptions,
): Promise<UpdateResult> {
  const session = await openSession(context);
  const { environmentProject: project, settings } = session;
  const { name } = settings;
  await takeOverDeadLocks(project, name, options);
  await repairState(project, name, { whenLost: "refuse", onNote: options.onNote });
  await refuseWithSweeps(context, session);
  await refuseWithEntries(context, session);
  const again = commandLine("spawn environment destroy --yes", name);
  const { resources } = await readState(project, name);
  const ours = resources.filter((resource) => isProtectedByProgram(settings.cloud, resource));
  const others = resources.filter((resource) => !ours.includes(resource));
  refuseProtected(name, others, { what: `environment ${name}`, again, environment: name });
  await deleteLogsLeft(context, options);
  await unprotect(project, name, ours);
  return await withDeletableTables(context, protectedTables(ours), () =>
    runUpdate(project, name, { kind: "destroy", remove: false }, options),
  );
}

/** The times, by region, from which buckets may be written: on AWS, where versioning needs time to settle. */
export async function writableTimes(
  session: EngineSession,
): Promise<Readonly<Record<string, string>> | undefined> {
  if (session.settings.cloud === "local") return undefined;
  const outputs = await readOutputs(session.environmentProject, session.settings.name);
  return outputs["writableAt"] as Readonly<Record<string, string>> | undefined;
}
