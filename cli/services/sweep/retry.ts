import {
  parseSweepSettingsFile,
  renderSweepSettings,
  type SweepSettings,
} from "../../../stacks/sweep-settings.ts";
import { InputError } from "../../../staging/errors.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { checkEntries } from "../../../staging/sweep/entries.ts";
import { type SweepId, sweepStackName } from "../../../staging/sweep/id.ts";
import type { SweepSpec } from "../../../staging/sweep/spec.ts";
import { commandLine } from "../../command-line.ts";
import type { Context, EntryContext } from "../../context.ts";
import { settingsFile, writeAtomically } from "../../engine/entry-project.ts";
import { takeOverDeadLocks } from "../../engine/lock.ts";
import { settlePending } from "../../engine/pending.ts";
import { repairState } from "../../engine/repair.ts";
import { openSession } from "../../engine/session.ts";
import { runUpdate, type UpdateOptions } from "../../engine/update.ts";
import { findMeta, findRegions, generationBegun } from "./items.ts";
import { startMachines } from "./machines.ts";
import { ownEntries } from "./own-entries.ts";
import { retryGeneration } from "./retry-generation.ts";
import { generationIn, settingsHere, settingsOf } from "./settings.ts";
import { sweepTable } from "./tables.ts";
import { noSweep } from "./watch.ts";

/** What a retry opens again. */
export interface RetryPlan {
  readonly id: SweepId;
  /** As its items have it. */
  readonly generation: number;
  /** The generation that the last retry has begun: a higher one, where it was cut off. */
  readonly begun: number;
  readonly isCancelled: boolean;
  /** Undefined: all that failed or were cancelled. */
  readonly indices: readonly number[] | undefined;
  /** How many run again, as it is known now. */
  readonly count: number;
}

/**
 * Works out what is to run again, without starting the engine.
 * @param indices undefined: all that failed or were cancelled
 * @throws InputError when there is no such sweep or index, or nothing to run again
 */
export async function planRetry(
  context: Pick<Context, "environmentName" | "settings" | "tables">,
  id: SweepId,
  indices: readonly number[] | undefined,
): Promise<RetryPlan> {
  const table = await sweepTable(context);
  const { environmentName: environment } = context;
  const meta = await findMeta(table, id);
  if (meta === undefined) throw noSweep(environment, id);
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
  // After the deadline, open indices have no worker: they get some again.
  const begun = await generationBegun(table, id);
  // Neither have those that a retry has opened, and for which it was cut off before it started anybody.
  const isOverdue = serverClock.now() >= meta.deadlineAt || begun > meta.generation;
  const unfinished = regions.reduce(
    (sum, { failed, cancelled, open }) => sum + failed + cancelled + (isOverdue ? open : 0),
    0,
  );
  if (indices === undefined && unfinished === 0) {
    throw new InputError(`nothing of ${id} is to be run again`, {
      why: "No index has failed or was cancelled.",
      fix: `To run an index again that is done: ${commandLine(`spawn sweep retry ${id} --index N`, environment)}`,
    });
  }
  return {
    ...{ id, indices, begun, generation: meta.generation },
    ...{ isCancelled: meta.cancelledAt !== undefined, count: indices?.length ?? unfinished },
  };
}

/**
 * Opens indices again, by an update of the sweep's stack with a higher generation. It can be done on any machine that shares the state.
 * @throws UserError when it fails; the same command again resumes it
 */
export async function retrySweep(
  context: EntryContext,
  { id, generation, begun, isCancelled, indices }: RetryPlan,
  options: UpdateOptions,
): Promise<void> {
  const { entryProject: project } = await openSession(context, options.signal);
  const stack = sweepStackName(context.environmentName, id);
  await takeOverDeadLocks(project, stack, options);
  await repairState(project, stack, { whenLost: "refuse", onNote: options.onNote });
  const { exists, resources } = await settlePending(project, stack, "again", async () => undefined);
  if (!exists) throw noStack(context, id);
  const { spec, environment } = await settingsOf(context, id, resources);
  await refuseWithoutData(context, spec);
  const here = (await settingsHere(context, id))?.spec;
  const last = { committed: generation, begun, inState: generationIn(resources), isCancelled, here };
  const { retryIndices: _earlier, ...same } = spec;
  const settings: SweepSettings = {
    environment,
    spec: {
      ...same,
      generation: retryGeneration(last, indices),
      ...(indices === undefined ? {} : { retryIndices: indices }),
    },
  };
  const file = settingsFile(project.project, stack);
  const text = renderSweepSettings(settings);
  // Read as the program of plain Pulumi would read it.
  parseSweepSettingsFile(text, file);
  await writeAtomically(file, text);
  await startMachines(
    context,
    settings.spec.regions.map(({ region }) => region),
    options,
  );
  const { sweepProgram } = await import("../../../stacks/sweep-program.ts");
  await runUpdate(project, stack, { kind: "up", program: sweepProgram(settings) }, options);
}

/** The workers of the new generation download the data again. What another account has staged is not known here. */
async function refuseWithoutData(
  context: EntryContext,
  { datasets, regions, deadlineSeconds }: SweepSpec,
): Promise<void> {
  const own = datasets.filter(({ account }) => account === undefined);
  const records = await ownEntries(
    context,
    own.map(({ stagingId }) => stagingId),
  );
  checkEntries(
    records,
    regions.map(({ region }) => region),
    deadlineSeconds,
    serverClock.now(),
    (text) => commandLine(text, context.environmentName),
  );
}

function noStack(
  { environmentName: environment }: Pick<Context, "environmentName">,
  id: SweepId,
): InputError {
  return new InputError(`there is no stack ${sweepStackName(environment, id)}, which holds ${id}`, {
    why: "The sweep was deleted, or its state is lost; or the state is in another backend, which PULUMI_BACKEND_URL has to name.",
    fix: `To remove what is left of it: ${commandLine(`spawn sweep delete ${id} --yes`, environment)}. To start another one: ${commandLine("spawn launch --params FILE", environment)}`,
  });
}
