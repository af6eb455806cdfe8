/*
 * Decides requests as AWS documents it, by iam-simulate: a JSON list of simulations on stdin, one of results on stdout. That package has
 * the AGPL as its licence, so only tests use it, in a separate process, and no other file imports it.
 */
import { text } from "node:stream/consumers";
import { runSimulation, type Simulation } from "@cloud-copilot/iam-simulate";

const simulations = JSON.parse(await text(process.stdin)) as Simulation[];
const answers = await Promise.all(
  simulations.map(async (simulation) => {
    const result = await runSimulation(simulation, {});
    if (result.resultType !== "single") return { error: result };
    return { verdict: result.overallResult, ignored: result.result.ignoredContextKeys };
  }),
);
process.stdout.write(JSON.stringify(answers));
