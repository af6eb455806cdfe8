import type { SweepSettings } from "../../../stacks/sweep-settings.ts";
import { InputError, UserError } from "../../../staging/errors.ts";
import { SWEEP_RUN } from "../../../staging/resources/tokens.ts";
import type { SweepId } from "../../../staging/sweep/id.ts";
import { commandLine } from "../../command-line.ts";
import type { Context, EntryContext } from "../../context.ts";
import type { StateResource } from "../../engine/state.ts";
import type { UpdateOptions } from "../../engine/update.ts";
import { findMeta } from "./items.ts";
import { launchError } from "./launch-error.ts";
import { takeOverLaunch } from "./launch-journal.ts";
import { refuseWithoutData } from "./own-entries.ts";
import { findSweepRemains, GROUP_TYPE, removeSweepRemains } from "./remains/remains.ts";
import { readSettings } from "./settings.ts";
import { openSweepStack } from "./stack.ts";
import { sweepTable } from "./tables.ts";

type ResumeContext = EntryContext & Pick<Context, "clientConfig" | "iam">;

/** Parts that a test replaces. */
const PARTS = { openStack: openSweepStack, findRemains: findSweepRemains };

/**
 * Resumes a launch that failed or was interrupted. A sweep that has started does not change.
 * @throws InputError if this machine has no such launch, or if it has not started and its data are gone
 */
export async function resumeLaunch(
  context: ResumeContext,
  id: SweepId,
  options: UpdateOptions,
  { openStack, findRemains } = PARTS,
): Promise<void> {
  const { environmentName: environment } = context;
  const settings = await readSettings(environment, id);
  if (settings === undefined) {
    throw new InputError(`there is no launch of ${id} to resume on this machine`, {
      why: "It was deleted, or another machine launched it, or its settings file is gone.",
      fix: `To list the sweeps: ${commandLine("spawn sweep list", environment)}. To delete the remains of this one: ${commandLine(`spawn sweep delete ${id} --yes`, environment)}`,
    });
  }
  const stack = await openStack(context, id, options);
  await takeOverLaunch(stack.name, id);
  const { exists, resources } = await stack.recover("up");
  if (await isUnstarted(context, settings, resources)) {
    await refuseWithoutData(context, settings.spec);
    const regions = settings.spec.regions.map(({ region }) => region);
    await removeSweepRemains(await findRemains(context, id, regions, resources), options);
  }
  if (!exists) await stack.create();
  try {
    await stack.up(settings);
  } catch (error) {
    throw await launchError(context, id, error);
  }
}

/**
 * Whether the sweep has not started, so that no worker uses its resources. Then resources that AWS has and the state lacks must be deleted:
 * the update would fail to create them a second time.
 * @throws InputError for a cancelled sweep
 * @throws UserError for a sweep that has started and whose stack is incomplete: its workers may be busy, or it is partly deleted
 */
async function isUnstarted(
  context: ResumeContext,
  { spec: { id, regions } }: SweepSettings,
  resources: readonly StateResource[],
): Promise<boolean> {
  const meta = await findMeta(await sweepTable(context), id);
  if (meta?.startedAt === undefined) return true;
  const command = (text: string): string => commandLine(`spawn sweep ${text}`, context.environmentName);
  if (meta.cancelledAt !== undefined) {
    throw new InputError(`${id} was cancelled`, {
      why: "There is no launch to resume.",
      fix: `To run the cancelled indices: ${command(`retry ${id}`)}. To delete it: ${command(`delete ${id} --yes`)}`,
    });
  }
  // The run is the last resource of a stack, so its existence shows that the stack is complete.
  const groups = resources.filter(({ type }) => type === GROUP_TYPE);
  if (resources.some(({ type }) => type === SWEEP_RUN) || groups.length === regions.length) return false;
  throw new UserError(`${id} has started, and its stack is incomplete`, {
    why: "The state of the stack was lost, or its deletion was interrupted. Workers need neither the stack nor this machine.",
    fix: `To see it: ${command(`info ${id}`)}. To delete it: ${command(`delete ${id} --yes`)}`,
  });
}
