import { parseArgs } from "node:util";
import { spawnPaths } from "../local/paths.ts";
import { KIND_NAMES } from "../test/faults/kinds.ts";
import { FaultLab, type Outcome } from "../test/faults/seeded-run.ts";
import { main } from "./run.ts";

/**
 * Stages data under injected faults, one run per seed, and prints the faults and the result. Usage: faults.ts [--runs
 * N] [--first SEED] | [--seed SEED]
 */

const RUNS = 200;

async function faults(): Promise<number> {
  const { values } = parseArgs({
    options: { seed: { type: "string" }, runs: { type: "string" }, first: { type: "string" } },
  });
  const first = wholeNumber(values.seed ?? values.first ?? "1");
  const runs = values.seed === undefined ? wholeNumber(values.runs ?? String(RUNS)) : 1;
  // Shares only the user's cache: no AWS keys, endpoint or profile.
  process.env["SPAWN_CACHE"] = spawnPaths().cache;
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
  const outcomes: Outcome[] = [];
  const failures: unknown[] = [];
  const lab = await FaultLab.open();
  try {
    for (let seed = first; seed < first + runs; seed += 1) {
      try {
        outcomes.push(await lab.run(seed));
      } catch (error) {
        failures.push(error);
        console.error(error);
      }
      if ((seed - first + 1) % 20 === 0) console.log(`${seed - first + 1} of ${runs} runs`);
    }
  } finally {
    await lab.close();
  }
  if (runs === 1) for (const message of outcomes.flatMap(({ messages }) => messages)) console.log(message);
  console.log(summary(outcomes, failures.length));
  return failures.length === 0 ? 0 : 1;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${text} is not a whole number`);
  return Number(text);
}

function summary(outcomes: readonly Outcome[], wrong: number): string {
  const rows = KIND_NAMES.map((kind) => {
    const having = outcomes.filter(({ injected }) => injected.has(kind));
    const times = having.reduce((sum, { injected }) => sum + (injected.get(kind) ?? 0), 0);
    const successes = having.filter(({ ended }) => ended === "success").length;
    return [kind, times, having.length, successes, having.length - successes].map(String);
  });
  const header = ["fault", "times", "runs", "success", "failure, then resumed"];
  const table = [header, ...rows].map(
    ([name = "", ...figures]) =>
      name.padEnd(24) +
      figures.map((figure, index) => figure.padStart((header[index + 1] ?? "").length + 2)).join(""),
  );
  const successes = outcomes.filter(({ ended }) => ended === "success").length;
  const seconds = outcomes.reduce((sum, outcome) => sum + outcome.seconds, 0);
  return [
    "",
    ...table,
    "",
    `${outcomes.length + wrong} runs in ${Math.round(seconds)} s: ${successes} succeeded at once, ` +
      `${outcomes.length - successes} failed clearly and were resumed, ${wrong} went wrong`,
  ].join("\n");
}

await main(faults);
