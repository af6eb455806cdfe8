import { undefinedIf } from "../connection/errors/failure.ts";
import { isNoSuchTable } from "../connection/errors/kinds.ts";
import { UserError } from "../staging/errors.ts";
import type { SweepRunInputs, SweepRunOutputs } from "../staging/resources/sweep-run.ts";
import { sweepRunResource } from "../staging/resources/sweep-run.ts";
import { parseLaunchedSweepId } from "../staging/sweep/id.ts";
import type { SweepMeta } from "../staging/sweep/meta-item.ts";
import { ITEM_TTL_DAYS } from "../staging/sweep/names.ts";
import { isoSeconds } from "../staging/ttl.ts";
import type { Dependencies } from "./deps.ts";
import type { DynamoClients } from "./dynamo-clients.ts";
import { partialFailure } from "./partial.ts";
import { declaredResource } from "./plugin/declared.ts";
import type { CallContext, ResourceHandler } from "./plugin/types.ts";
import { explained } from "./store/explain.ts";
import type { SweepAccess } from "./sweep/access.ts";
import { cancelSweep, endAllWorkers } from "./sweep/cancel.ts";
import { runProblems } from "./sweep/check.ts";
import type { SweepGroups } from "./sweep/groups.ts";
import { findMeta } from "./sweep/items.ts";
import { type RunPlan, runPlan } from "./sweep/plan.ts";
import { reopenSweep } from "./sweep/reopen.ts";
import { startSweep } from "./sweep/start.ts";

/** Milliseconds between two messages about progress. */
const PROGRESS_EVERY_MS = 200;

/** The run of a sweep; see {@link SweepRunInputs}. `sweep/start.ts` explains the order of its steps. */
export function sweepRun(
  deps: Pick<Dependencies, "now" | "settling">,
  dynamo: DynamoClients,
  groups: SweepGroups,
): ResourceHandler<SweepRunInputs, SweepRunOutputs> {
  const accessFor = (inputs: SweepRunInputs, context: CallContext): SweepAccess => {
    let loggedAt = Number.NEGATIVE_INFINITY;
    return {
      sweepId: parseLaunchedSweepId(inputs.sweepId),
      table: inputs.table,
      client: dynamo(inputs.tableRegion),
      groups,
      now: () => deps.now(),
      signal: context.signal,
      settling: deps.settling,
      progress(text) {
        const now = performance.now();
        if (now - loggedAt < PROGRESS_EVERY_MS) return;
        loggedAt = now;
        context.log("info", text, { ephemeral: true });
      },
      note: (text) => context.log("warning", text),
    };
  };

  /** Starts the sweep if it has not started. After a failure that may leave items, the resource stays in the state for a deletion. */
  async function start(plan: RunPlan, context: CallContext): Promise<SweepMeta> {
    const doing = `starting ${plan.sweepId}`;
    let hasItems = false;
    try {
      return await explained(doing, () =>
        startSweep(accessFor(plan.inputs, context), plan, () => {
          hasItems = true;
        }),
      );
    } catch (error) {
      if (!hasItems) throw error;
      throw partialFailure(plan.sweepId, { ...plan.inputs, ...NOT_STARTED }, error, doing, context.signal);
    }
  }

  /** @throws UserError if the items no longer exist: a started sweep must not start again */
  async function requireItems(inputs: SweepRunInputs, context: CallContext): Promise<void> {
    const doing = `reading ${inputs.sweepId}`;
    if ((await explained(doing, () => findMeta(accessFor(inputs, context)))) !== undefined) return;
    throw new UserError(`the items of ${inputs.sweepId} are gone`, {
      why: `They expire ${ITEM_TTL_DAYS} days after the deadline, or they were deleted.`,
      fix: (_spell, command) =>
        `${command(`spawn sweep delete ${inputs.sweepId}`)}, then ${command("spawn launch --params FILE")}`,
    });
  }

  return declaredResource(sweepRunResource, {
    notImported: { fix: (_spell, command) => command("spawn launch --params FILE") },

    check: runProblems,

    // An update completes a failed start.
    pending: ({ startedAt }, news, olds) =>
      news.generation > olds.generation || !startedAt ? ["generation"] : [],

    async create(inputs, context) {
      const meta = await start(runPlan(inputs), context);
      return { id: inputs.sweepId, outputs: outputsOf(inputs, meta) };
    },

    async update(id, outputs, news, context) {
      const plan = runPlan(news);
      if (outputs.startedAt) await requireItems(news, context);
      const meta = await start(plan, context);
      if (plan.inputs.generation <= meta.generation) return outputsOf(news, meta);
      const reopened = await explained(`running indices of ${id} again`, () =>
        reopenSweep(accessFor(news, context), plan),
      );
      return outputsOf(news, reopened);
    },

    async read(id, inputs, outputs, context) {
      const meta = await explained(`reading ${id}`, () =>
        undefinedIf(isNoSuchTable, findMeta(accessFor(inputs, context))),
      );
      const exists = meta !== undefined && meta["stack"] === inputs.stack;
      // Items expire after the sweep's end. Without its resource, an update would start the sweep again.
      return exists || isOver(outputs, deps.now()) ? { id, inputs, outputs } : undefined;
    },

    async delete(id, outputs, context) {
      const access = accessFor(outputs, context);
      await explained(`ending ${id}`, async () => {
        try {
          await cancelSweep(access, outputs.regions);
        } catch (error) {
          if (!isNoSuchTable(error)) throw error;
          await endAllWorkers(access, outputs.regions);
        }
      });
    },
  });
}

/** Whether the deadline has passed. */
const isOver = ({ deadlineAt }: SweepRunOutputs, now: Date): boolean =>
  deadlineAt !== "" && now >= new Date(deadlineAt);

/** The outputs of a sweep that has not started. */
const NOT_STARTED = { createdAt: "", deadlineAt: "", startedAt: "" };

const outputsOf = (
  inputs: SweepRunInputs,
  { createdAt, deadlineAt, startedAt }: SweepMeta,
): SweepRunOutputs => ({
  ...inputs,
  createdAt: isoSeconds(createdAt),
  deadlineAt: isoSeconds(deadlineAt),
  startedAt: startedAt === undefined ? "" : isoSeconds(startedAt),
});
