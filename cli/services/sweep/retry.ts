import { InputError } from "../../../staging/errors.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { type SweepId, sweepStackName } from "../../../staging/sweep/id.ts";
import type { SweepSpec } from "../../../staging/sweep/spec.ts";
import { commandLine } from "../../command-line.ts";
import type { Context, EntryContext } from "../../context.ts";
import type { UpdateOptions } from "../../engine/update.ts";
import { findRegions, generationBegun } from "./items.ts";
import { refuseWithoutData } from "./own-entries.ts";
import { retryGeneration } from "./retry-generation.ts";
import { generationIn, settingsHere, settingsOf, writeSettings } from "./settings.ts";
import { openSweepStack } from "./stack.ts";
import { sweepTable } from "./tables.ts";
import { getMeta } from "./watch.ts";

/** The indices that a retry reopens. */
interface RetryPlan {
  readonly id: SweepId;
  /** The generation of the sweep's items. */
  readonly generation: number;
  /** The generation that the last retry began. It is higher than `generation` if that retry was interrupted. */
  readonly begun: number;
  readonly isCancelled: boolean;
  /** Whether the deadline has passed. */
  readonly isOverdue: boolean;
  /** Undefined: all failed and cancelled indices. */
  readonly indices: readonly number[] | undefined;
  /** The number of indices that run again, as far as is known before the update. */
  readonly count: number;
}

/**
 * Plans a retry without the engine.
 * @param indices undefined: all failed and cancelled indices
 * @throws InputError if there is no such sweep or index, or nothing to retry
 */
export async function planRetry(
  context: Pick<Context, "environmentName" | "settings" | "tables">,
  id: SweepId,
  indices: readonly number[] | undefined,
): Promise<RetryPlan> {
  const table = await sweepTable(context);
  const { environmentName: environment } = context;
  const meta = await getMeta(table, id);
  if (meta.startedAt === undefined) {
    const isCancelled = meta.cancelledAt !== undefined;
    throw new InputError(`${id} ${isCancelled ? "was cancelled before it started" : "has not started"}`, {
      ...(isCancelled ? {} : { why: "Its launch is still running, or was interrupted." }),
      fix: commandLine(
        isCancelled ? "spawn launch --params FILE" : `spawn launch --resume ${id}`,
        environment,
      ),
    });
  }
  const beyond = indices?.find((index) => index >= meta.count);
  if (beyond !== undefined)
    throw new InputError(`${id} has no index ${beyond}`, { why: `Its indices are 0 to ${meta.count - 1}.` });
  const regions = await findRegions(table, id);
  const begun = await generationBegun(table, id);
  // Open indices without workers run again, too: after the deadline, or if a retry reopened them and was interrupted.
  const isOverdue = serverClock.now() >= meta.deadlineAt;
  const lackWorkers = isOverdue || begun > meta.generation;
  const unfinished = regions.reduce(
    (sum, { failed, cancelled, open }) => sum + failed + cancelled + (lackWorkers ? open : 0),
    0,
  );
  if (indices === undefined && unfinished === 0) {
    throw new InputError(`${id} has nothing to retry`, {
      why: "No index failed or was cancelled.",
      fix: `To run a completed index again: ${commandLine(`spawn sweep retry ${id} --index N`, environment)}`,
    });
  }
  return {
    ...{ id, indices, begun, generation: meta.generation, isOverdue },
    ...{ isCancelled: meta.cancelledAt !== undefined, count: indices?.length ?? unfinished },
  };
}

/**
 * Reopens indices by updating the sweep's stack with a higher generation. Works on every machine that shares the state.
 * @param openStack replaced by tests
 * @throws UserError if it fails; the same command resumes it
 */
export async function retrySweep(
  context: EntryContext,
  { id, generation, begun, isCancelled, isOverdue, indices }: RetryPlan,
  options: UpdateOptions,
  openStack = openSweepStack,
): Promise<void> {
  const { environmentName: environment } = context;
  const stack = await openStack(context, id, options);
  const { exists, resources } = await stack.recover("up");
  if (!exists) throw noStack(environment, id);
  const settings = await settingsOf(environment, id, resources);
  await refuseWithoutData(context, settings.spec);
  const here = (await settingsHere(environment, id))?.spec;
  const last = {
    committed: generation,
    begun,
    inState: generationIn(resources),
    isCancelled,
    isOverdue,
    here,
  };
  const { retryIndices: _earlier, ...same } = settings.spec;
  const spec: SweepSpec = {
    ...same,
    generation: retryGeneration(last, indices),
    ...(indices === undefined ? {} : { retryIndices: indices }),
  };
  await writeSettings({ ...settings, spec });
  await stack.up({ ...settings, spec });
}

const noStack = (environment: string, id: SweepId): InputError =>
  new InputError(`there is no stack ${sweepStackName(environment, id)} for ${id}`, {
    why: "The sweep was deleted, its state is lost, or the state is in another backend that PULUMI_BACKEND_URL must name.",
    fix: `To delete the remains of the sweep: ${commandLine(`spawn sweep delete ${id} --yes`, environment)}. To start another one: ${commandLine("spawn launch --params FILE", environment)}`,
  });
