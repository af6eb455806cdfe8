import { type EntrySpec, idsOf } from "../../../staging/entry.ts";
import { InputError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import type { EngineSettings } from "../../engine/process.ts";
import { damagedState } from "../../engine/repair.ts";
import { openSession, type SessionSource } from "../../engine/session.ts";
import { readState, readStateOrBackup } from "../../engine/state.ts";
import { idsIn, refuseProtected } from "../entry/delete-guards.ts";
import { bucketsOfEntry } from "../entry/remains/buckets.ts";
import { findLocks, lockedError } from "./object-locks.ts";

/**
 * Refuses to delete an entry that the environment's file or its stack has: the next update would create it again, or fail. An
 * entry that neither has any more is deleted like any other.
 * @param item its name in `spawn:entries`, where the record tells
 * @throws InputError that names the item and the command
 */
export async function refuseDeclared(
  context: SessionSource & Pick<Context, "environment" | "environmentName">,
  id: StagingId,
  item: string | undefined,
): Promise<void> {
  await refuseInFile(context, id);
  await refuseInState(context, id, item);
}

/** Refuses to delete an entry that the environment's file declares, whatever its record says. @throws InputError as above */
export async function refuseInFile(
  context: Pick<Context, "environment" | "environmentName">,
  id: StagingId,
): Promise<void> {
  const { environmentName: environment } = context;
  const { entries } = await context.environment();
  const declared = entries.find((entry) => idsOf(entry).includes(id))?.declaredAs;
  if (declared === undefined) return;
  const file = `Pulumi.${environment}.yaml`;
  const up = commandLine("spawn environment up", environment);
  throw new InputError(`${id} is declared in ${file} as item ${declared} of spawn:entries`, {
    why: "The next update would make it again.",
    fix: `Remove the item ${declared} from ${file}, then run: ${up}`,
  });
}

/** Refuses to delete an entry that the environment's own stack has. @throws InputError as above */
export async function refuseInState(
  context: SessionSource & Pick<Context, "environmentName">,
  id: StagingId,
  item: string | undefined,
): Promise<void> {
  const { environmentName: environment } = context;
  const { environmentProject } = await openSession(context);
  const { resources, damaged } = await readStateOrBackup(environmentProject, environment);
  if (damaged !== undefined) throw damagedState(environment, damaged);
  if (!idsIn(resources).includes(id)) return;
  throw new InputError(
    `${id} belongs to the stack of environment ${environment}${item === undefined ? "" : `, as item ${item}`}`,
    {
      why: `Pulumi.${environment}.yaml no longer declares it, and no update has removed it yet.`,
      fix: commandLine("spawn environment up", environment),
    },
  );
}

/**
 * Refuses an update of the environment that would delete declared entries with protected or locked resources: the
 * engine would delete their records first, and then fail.
 * @param entries those that the file declares now, under their ids in the state
 * @throws UserError that names what is protected or locked
 */
export async function refuseKept(
  context: Pick<Context, "environmentName" | "s3" | "settings">,
  project: EngineSettings,
  entries: readonly EntrySpec[],
): Promise<void> {
  const { environmentName: environment } = context;
  const { resources } = await readState(project, environment);
  const declared = new Set(entries.map(({ id }) => id));
  const again = commandLine("spawn environment up", environment);
  for (const id of idsIn(resources)) {
    if (declared.has(id)) continue;
    const own = resources.filter(({ urn }) => urn.includes(id));
    refuseProtected(environment, own, { what: id, again, environment });
    const locks = await findLocks(context, id, await bucketsOfEntry(context, id), serverClock.now());
    if (locks.length > 0) throw lockedError(id, locks, "nothing", again);
  }
}
