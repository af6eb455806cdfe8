import type { Program } from "../../../stacks/program.ts";
import { withRenewedTtls } from "../../../staging/declared-expiry.ts";
import { UserError } from "../../../staging/errors.ts";
import { isStagingId, type StagingId } from "../../../staging/ids.ts";
import { describeMissing } from "../../../staging/ownership/missing.ts";
import { RECORD_KEY } from "../../../staging/record.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { isRecord } from "../../../staging/type-guards.ts";
import { commandLine } from "../../command-line.ts";
import type { Context, UpdateContext } from "../../context.ts";
import { takeOverDeadLocks } from "../../engine/lock.ts";
import { clearPendingOperations } from "../../engine/pending.ts";
import { repairState } from "../../engine/repair.ts";
import { type EngineSession, openSession, type SessionSource } from "../../engine/session.ts";
import { readOutputs } from "../../engine/stacks.ts";
import { readState, type StateResource } from "../../engine/state.ts";
import { runUpdate, type UpdateOptions, type UpdateResult } from "../../engine/update.ts";
import { deleteCutAccessPoints } from "../entry/access-points.ts";
import { refuseProtected } from "../entry/delete-guards.ts";
import { deleteRecord } from "../entry/remains/remove.ts";
import { recordAttributes } from "../entry/state-record.ts";
import { entryInUse, sweepsReading } from "../sweep/open-sweeps.ts";
import { refuseKept } from "./declared.ts";
import {
  isProtectedByProgram,
  protectedTables,
  unprotect,
  withDeletableTables,
} from "./deletion-protection.ts";
import { refuseWithEntries } from "./entries.ts";
import {
  type DataToDelete,
  dataToDelete,
  type EnvironmentPlan,
  onlyAdopted,
  planEnvironment,
} from "./plan.ts";
import { deleteLogsLeft, refuseWithSweeps } from "./sweeps.ts";

/**
 * Updates the environment's stack, with its declared entries, to match `Pulumi.<environment>.yaml`. It creates missing resources again,
 * reverts manual changes, and imports resources that exist in AWS with the environment's tags.
 * @param plan from {@link planEnvironment}, after the user has confirmed its deletions
 */
export async function environmentUp(
  context: UpdateContext & Pick<Context, "environment">,
  plan: EnvironmentPlan,
  options: UpdateOptions,
): Promise<UpdateResult> {
  await refuseUnlisted(plan);
  await refuseRead(context, plan);
  await refuseKept(context, plan.session.environmentProject, plan.config.entries);
  await clearCreations(context, plan.session, options);
  const result = await runProgram("up", plan, options);
  if (!result.changes["import"]) return result;
  // An import does not change the resources. The second update makes them match the settings.
  const second = await runProgram("up", await planEnvironment(context, options), options);
  return { ...second, changes: sumOf(result.changes, second.changes) };
}

/**
 * Updates only the entry that the environment's stack has adopted: its record names the new stack. An old checkout may declare other
 * settings of other entries, or none; they stay as they are.
 * @throws UserError as {@link onlyAdopted}
 */
export async function updateAdopted(
  { session, config, held }: EnvironmentPlan,
  id: StagingId,
  options: UpdateOptions,
): Promise<void> {
  const { environmentProject: project, settings } = session;
  const { resources } = await readState(project, settings.name);
  const targets = resources.map(({ urn }) => urn).filter((urn) => urn.includes(id));
  const { environmentProgram } = await import("../../../stacks/environment-program.ts");
  const update = environmentProgram(onlyAdopted(config, resources, id), held);
  // The engine replaces all outputs of a stack, also those about resources that are no targets.
  const { outputs = {} } = resources.find(({ type }) => type === "pulumi:pulumi:Stack") ?? {};
  const program: Program = async () => {
    const made = await update();
    return {
      ...made,
      ...outputs,
      entries: { ...recordIn(outputs["entries"]), ...recordIn(made["entries"]) },
    };
  };
  await runUpdate(
    project,
    settings.name,
    { kind: "up", program: () => program, refresh: true, targets },
    options,
  );
}

const recordIn = (value: unknown) => (isRecord(value) ? value : {});

/** @throws UserError if another command has changed the stack since the plan, and the update would delete data that the plan does not list */
async function refuseUnlisted({ session, config, doomed }: EnvironmentPlan): Promise<void> {
  const { name } = session.settings;
  const { resources } = await readState(session.environmentProject, name);
  const isListed = ({ stagingId, regions }: DataToDelete): boolean => {
    const listed = doomed.find((data) => data.stagingId === stagingId)?.regions ?? [];
    return regions.every((region) => listed.includes(region));
  };
  const there = resources.filter((resource) => resource.delete !== true);
  const unlisted = dataToDelete(there, config.entries).find((data) => !isListed(data));
  if (unlisted === undefined) return;
  throw new UserError(`the update would also delete ${unlisted.stagingId}`, {
    why: `Another command has changed the stack ${name} in the meantime. Nothing was changed.`,
    fix: commandLine("spawn environment up", name),
  });
}

/** @throws InputError if a sweep that has not ended reads an entry that the update would delete, or whose TTL it would shorten */
async function refuseRead(
  context: Pick<Context, "environmentName" | "settings" | "tables">,
  { doomed, config, held: { ttls = [] } }: EnvironmentPlan,
): Promise<void> {
  const { environmentName: environment } = context;
  const deleted = doomed.map(({ stagingId }) => stagingId).filter(isStagingId);
  const shortened = withRenewedTtls(config.entries, ttls, serverClock.now(), environment)
    // The shortest TTL of the state: an edited tag may be longer.
    .filter(({ id, ttl }) => (ttls.findLast(({ stagingId }) => stagingId === id)?.ttl ?? 0) > ttl)
    .map(({ id }) => id);
  for (const [id, sweeps] of await sweepsReading(context, [...deleted, ...shortened])) {
    if (deleted.includes(id)) throw entryInUse(id, sweeps, environment, "deleted");
    throw entryInUse(`a day of the TTL of ${id}`, sweeps, environment, "removed");
  }
}

/**
 * Clears the creations that a kill interrupted. The record or access point of a declared entry may exist without being in the state: the
 * engine could not create it a second time. Other resources are imported or resumed.
 */
async function clearCreations(
  context: Pick<Context, "clientConfig" | "tables">,
  { environmentProject, settings }: EngineSession,
  options: UpdateOptions,
): Promise<void> {
  // Creations of an update that has started since the plan are not interrupted.
  await takeOverDeadLocks(environmentProject, settings.name, options);
  await clearPendingOperations(environmentProject, settings.name, "recreate", async (creating) => {
    for (const id of creating.flatMap(idOfRecord)) await deleteRecord(context, id);
    await deleteCutAccessPoints(context, creating);
  });
}

function idOfRecord(resource: StateResource): StagingId[] {
  const id = recordAttributes(resource)?.[RECORD_KEY]?.S;
  return id !== undefined && isStagingId(id) ? [id] : [];
}

/** The changes that {@link environmentUp} would make. */
export const environmentPreview = (plan: EnvironmentPlan, options: UpdateOptions): Promise<UpdateResult> =>
  runProgram("preview", plan, options);

/**
 * Repairs and unlocks the state before an update.
 * @throws UserError if another update is running
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
  // The program refuses to delete a bucket with data; an empty one may be deleted.
  if (kind === "up") await unprotect(session.environmentProject, session.settings.name, left);
  const program = async () =>
    (await import("../../../stacks/environment-program.ts")).environmentProgram(config, held);
  // The state alone does not show manual changes.
  const operation = { kind, program, refresh: true };
  return await runUpdate(session.environmentProject, session.settings.name, operation, options);
}

/** Sums the counts of two updates of the same stack. The first one has counted the unchanged resources. */
function sumOf(
  first: Readonly<Record<string, number>>,
  second: Readonly<Record<string, number>>,
): Record<string, number> {
  const sum: Record<string, number> = { ...first };
  for (const [op, count] of Object.entries(second)) if (op !== "same") sum[op] = (sum[op] ?? 0) + count;
  return sum;
}

/**
 * Deletes the environment: tables, buckets, rules, role. The empty stack stays, because its removal would delete
 * `Pulumi.<environment>.yaml`, too.
 * @throws InputError if it has sweeps or entries; it names them
 */
export async function environmentDestroy(
  context: SessionSource & Pick<Context, "dynamo" | "environment" | "s3" | "store" | "tables">,
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

/** The times, by region, from which buckets may be written. On AWS, versioning needs time to settle. */
export async function writableTimes(
  session: EngineSession,
): Promise<Readonly<Record<string, string>> | undefined> {
  if (session.settings.cloud === "local") return undefined;
  const outputs = await readOutputs(session.environmentProject, session.settings.name);
  return outputs["writableAt"] as Readonly<Record<string, string>> | undefined;
}
