import { Sweep } from "../components/sweep.ts";
import { renderUserData } from "../staging/sweep/user-data.ts";
import { workerFacts } from "../staging/sweep/worker-facts.ts";
import { awsProvider } from "./aws-provider.ts";
import { type Program, withReadableErrors } from "./program.ts";
import { environmentCopy } from "./stack-settings.ts";
import { lookUpPlaces } from "./sweep-places.ts";
import type { SweepSettings } from "./sweep-settings.ts";
import { readWorkerTemplates } from "./worker-templates.ts";

/**
 * The program of the stack of one sweep. Its output `sweep` describes the start: `id`, `name`, `count`, `generation`,
 * the `groups` by region, and the times `createdAt`, `startedAt` and `deadlineAt`. Its output `settings` has the
 * stack's inputs, for a machine without the settings file.
 */
export function sweepProgram({ spec, environment }: SweepSettings): Program {
  return withReadableErrors(async () => {
    // First, without AWS: a size that exceeds its limit is refused before any change.
    const packed = renderUserData(await readWorkerTemplates(), workerFacts(spec, environment));
    const userData = Buffer.from(packed).toString("base64");
    const provider = awsProvider();
    const places = await lookUpPlaces(spec, { provider });
    const { run, fleets } = new Sweep(
      spec.id,
      { spec, environment, places, userData },
      { providers: [provider] },
    );
    const groups = Object.fromEntries([...fleets].map(([region, { group }]) => [region, group.name]));
    return {
      settings: { sweep: spec, environment: environmentCopy(environment) },
      sweep: {
        ...{ id: spec.id, name: spec.name, count: spec.count, generation: spec.generation, groups },
        ...{ createdAt: run.createdAt, startedAt: run.startedAt, deadlineAt: run.deadlineAt },
      },
    };
  });
}
