import { type EntrySpec, idsOf } from "../../../staging/entry.ts";
import { settingsFileName } from "../../../staging/environment.ts";
import { InputError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import type { EngineSettings } from "../../engine/process.ts";
import { openSession, type SessionSource } from "../../engine/session.ts";
import { readState } from "../../engine/state.ts";
import { resourcesOf } from "../common/state.ts";
import { idsIn, refuseProtected } from "../entry/delete-guards.ts";
import { bucketsOfEntry } from "../entry/remains/buckets.ts";
import { itemsOf } from "./held.ts";
import { findLocks, lockedError } from "./object-locks.ts";

/**
 * Refuses to delete an entry that the environment's file or stack has: the next update would create it again, or fail.
 * @param item its name in `spawn:entries`, if the record has it
 * @throws InputError that names the item and the command
 */
export async function refuseDeclared(
  context: SessionSource & Pick<Context, "environment" | "environmentName">,
  id: StagingId,
  item: string | undefined,
): Promise<void> {
  await refuseInFile(context, id);
  await refuseInState(context, id, item, (await context.environment()).entries);
}

/** Refuses to delete an entry that the environment's file declares, whatever its record says. @throws InputError as above */
export async function refuseInFile(
  context: Pick<Context, "environment" | "environmentName">,
  id: StagingId,
): Promise<void> {
  const { environmentName: environment } = context;
  const { entries } = await context.environment();
  const declared = entries.find((entry) => idsOf(entry).includes(id))?.declaredAs;
  if (declared !== undefined) throw declaredError(environment, id, declared);
}

function declaredError(environment: string, id: StagingId, declared: string): InputError {
  const file = settingsFileName(environment);
  const up = commandLine("spawn environment up", environment);
  return new InputError(`${id} is declared in ${file} as item ${declared} of spawn:entries`, {
    why: "The next update would create it again.",
    fix: `Remove the item ${declared} from ${file}, then run: ${up}`,
  });
}

/**
 * Refuses to delete an entry that the environment's own stack has.
 * @param entries the entries that the file declares, to name the item. @default none
 * @throws InputError as above
 */
export async function refuseInState(
  context: SessionSource & Pick<Context, "environmentName">,
  id: StagingId,
  item: string | undefined,
  entries: readonly EntrySpec[] = [],
): Promise<void> {
  const { environmentName: environment } = context;
  const { environmentProject } = await openSession(context);
  const resources = await resourcesOf(environmentProject, environment);
  if (!idsIn(resources).includes(id)) return;
  const declared = itemsOf(environment, entries, resources).get(id);
  if (declared !== undefined) throw declaredError(environment, id, declared);
  throw new InputError(
    `${id} belongs to the stack of environment ${environment}${item === undefined ? "" : `, as item ${item}`}`,
    {
      why: `Pulumi.${environment}.yaml no longer declares it, and no update has removed it yet.`,
      fix: commandLine("spawn environment up", environment),
    },
  );
}

/**
 * Refuses an update of the environment that would delete entries with protected or locked resources: the engine would delete their
 * records first, and then fail.
 * @param entries the entries that the file declares now, with their IDs in the state
 * @throws UserError that names the protected or locked resources
 */
export async function refuseKept(
  context: Pick<Context, "environmentName" | "s3" | "store" | "settings">,
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
