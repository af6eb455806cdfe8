import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { packageRoot } from "../package-root.ts";
import { InputError, messageOf, UserError } from "../staging/errors.ts";
import { cleanUp } from "./aws-acceptance/clean-up.ts";
import { readPoints } from "./aws-acceptance/points.ts";
import { renderReport, reportOf } from "./aws-acceptance/report.ts";
import { Run } from "./aws-acceptance/run.ts";
import type { Step } from "./aws-acceptance/step.ts";
import { STEPS } from "./aws-acceptance/steps/index.ts";
import { accountOfProfile, LOCAL_READER } from "./aws-acceptance/steps/sharing.ts";
import { main } from "./run.ts";

const HELP = `Tries in an AWS account what was not tried there, and writes a report (docs/design/not-tried-on-aws.md).

  AWS_PROFILE=mine node scripts/aws-acceptance.ts --folder acceptance [--second-profile theirs]

It makes an environment of its own, whose names begin with spawn-acc-, and deletes it in the end, also after an error
and after Ctrl-C. The same command with the same folder goes on after an interruption.

  --folder DIR          Where the journal, the report and the state of this run are. Required.
  --second-profile NAME AWS profile of a second account, for sharing.
  --steps NAMES         Only these steps, by a part of their names, separated by commas. The first always runs.
  --keep                Do not delete anything yet: for the expiry, which takes two days.
  --clean-up            Only delete what the run in the folder has made.
  --local               Try the script itself, on the local cloud. It answers nothing about AWS.
  --project DIR         The checkout whose spawn runs. Default: this one.
  --yes                 Do not ask.
`;

const OPTIONS = {
  folder: { type: "string" },
  "second-profile": { type: "string" },
  steps: { type: "string" },
  project: { type: "string", default: packageRoot() },
  keep: { type: "boolean", default: false },
  "clean-up": { type: "boolean", default: false },
  local: { type: "boolean", default: false },
  yes: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

async function acceptance(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: OPTIONS });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (values.folder === undefined) throw new InputError("--folder is missing", { fix: "--help" });
  const points = await readPoints();
  const steps = chosen(values.steps);
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => interrupted.abort());
  const isLocal = values.local;
  const secondProfile = values["second-profile"];
  const theirs = secondProfile === undefined ? undefined : await accountOfProfile(secondProfile);
  const reader = isLocal ? LOCAL_READER : theirs;
  const run = await Run.open(
    {
      ...{
        cloud: isLocal ? "local" : "aws",
        project: resolve(values.project),
        folder: resolve(values.folder),
      },
      ...{ regions: ["us-east-1", "us-west-2", "eu-west-1"], secondProfile, reader },
      ...(isLocal ? { megabytes: 12, rows: 20 } : { megabytes: 200, rows: 10_000 }),
    },
    interrupted.signal,
  );
  const failures = new Map<string, { points: readonly string[]; text: string }>();
  if (!values["clean-up"]) {
    if (!(await agreed(steps, run, values.yes))) return 0;
    for (const step of steps) {
      if (interrupted.signal.aborted) break;
      await runStep(run, step, failures);
      if (step === STEPS[0] && failures.size > 0) break;
    }
    const report = reportOf(run, points, failures);
    await writeFile(join(run.settings.folder, "report.json"), `${JSON.stringify(report, null, 2)}\n`);
    await writeFile(join(run.settings.folder, "report.md"), renderReport(report));
    for (const { point, verdict, seen = "" } of report.answers)
      console.log(`${verdict.padEnd(19)} ${point}: ${seen}`);
    console.log(`\nThe report: ${join(run.settings.folder, "report.md")}`);
  }
  if (values.keep && !values["clean-up"]) {
    console.log("Nothing is deleted (--keep). To delete it: the same command with --clean-up");
    return failures.size > 0 ? 1 : 0;
  }
  console.log("Deleting what was made…");
  await cleanUp(run);
  await run.forget();
  console.log("Everything is deleted.");
  if (interrupted.signal.aborted) return 130;
  return failures.size > 0 ? 1 : 0;
}

function chosen(names: string | undefined): readonly Step[] {
  if (names === undefined) return STEPS;
  const parts = names.split(",").map((name) => name.trim());
  const unknown = parts.find((part) => !STEPS.some(({ name }) => name.includes(part)));
  if (unknown !== undefined) {
    throw new InputError(`there is no step "${unknown}"`, {
      why: `The steps: ${STEPS.map(({ name }) => name).join("; ")}.`,
    });
  }
  return STEPS.filter(({ name }, index) => index === 0 || parts.some((part) => name.includes(part)));
}

async function agreed(steps: readonly Step[], run: Run, yes: boolean): Promise<boolean> {
  const usd = steps.reduce((sum, step) => sum + step.usd, 0);
  const minutes = steps.reduce((sum, step) => sum + step.minutes, 0);
  for (const { name, usd: cost, minutes: time } of steps)
    console.log(`  ${name}: about ${time} min, at most $${cost.toFixed(2)}`);
  const where = run.settings.cloud === "aws" ? "your AWS account" : "the local cloud";
  console.log(
    `In ${where}: at most $${usd.toFixed(2)}, about ${minutes} minutes. Names begin with ${run.prefix}.`,
  );
  if (yes) return true;
  if (!process.stdin.isTTY)
    throw new InputError("cannot prompt for the cost: stdin is not a terminal", { fix: "--yes" });
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question("Continue? [y/N] ");
  lines.close();
  return /^y(es)?$/i.test(answer.trim());
}

/** A step that has answered all its points does not run again; a failed step does not stop the others. */
async function runStep(
  run: Run,
  step: Step,
  failures: Map<string, { points: readonly string[]; text: string }>,
): Promise<void> {
  const { answers } = run.journal;
  const isOpen = step.points.some((point) => (answers[point]?.verdict ?? "open") === "open");
  if (!isOpen) return;
  console.log(`\n${step.name}…`);
  if (
    step.secondAccount === true &&
    run.settings.cloud === "aws" &&
    run.settings.secondProfile === undefined
  ) {
    const seen = "needs a second account: --second-profile NAME";
    const open = { command: step.name, expected: "reading works", seen, verdict: "open" as const };
    await run.answer(step.points.map((point) => ({ point, ...open })));
    return;
  }
  const started = performance.now();
  try {
    await run.answer(await step.run(run));
    console.log(`${step.name}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
  } catch (error) {
    const why = error instanceof UserError && error.why !== undefined ? ` ${error.why}` : "";
    failures.set(step.name, { points: step.points, text: `${messageOf(error)}.${why}` });
    console.error(`${step.name} failed: ${messageOf(error)}.${why}`);
  }
}

await main(() => acceptance(process.argv.slice(2)));
