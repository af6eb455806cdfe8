import { existsSync } from "node:fs";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Job, readWorkflow, type Step, type WorkflowName } from "../../examples/workflows.ts";
import { type Ended, run, succeed } from "./process.ts";

/** The repository, the machine and the values of GitHub for a run. */
interface Runner {
  /** The remote repository. */
  readonly remote: string;
  /** A folder for checkouts. */
  readonly folder: string;
  /** The variables of the machine. */
  readonly env: NodeJS.ProcessEnv;
  /** Values of `vars.…`, `secrets.…` and `github.…`. */
  readonly values: Readonly<Record<string, string>>;
}

export interface RunResult {
  /** The exit code of the first step that failed; 0 if none did. */
  readonly code: number;
  readonly output: string;
  /** The text of the job's summary. */
  readonly summary: string;
}

/**
 * Runs the `run:` steps of a workflow in a fresh checkout of a branch, as a runner of GitHub does. The steps with `uses:` are GitHub's:
 * the test provides what they would.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#exit-codes-and-error-action-preference
 */
export async function runWorkflow(runner: Runner, name: WorkflowName, branch: string): Promise<RunResult> {
  const { job, defaults } = await readWorkflow(name);
  if (defaults.run.shell !== "bash") throw new Error(`${name} runs its steps with ${defaults.run.shell}`);
  const folder = await mkdtemp(join(runner.folder, `${name} `));
  const checkout = join(folder, "staged-data");
  const clone = ["clone", "--quiet", "--branch", branch, runner.remote, checkout];
  await succeed(run("git", clone, { env: runner.env }));
  const files = { GITHUB_OUTPUT: join(folder, "output"), GITHUB_STEP_SUMMARY: join(folder, "summary") };
  for (const file of Object.values(files)) await writeFile(file, "");
  const outputs = new Map<string, string>();
  const env = { ...runner.env, ...files, ...evaluated(job.env, runner, outputs) };
  let code = 0;
  let output = "";
  for (const step of job.steps) {
    if (step.run === undefined || !isDue(step, code, checkout)) continue;
    const ended = await runStep(step, checkout, { ...env, ...evaluated(step.env ?? {}, runner, outputs) });
    output += ended.stdout + ended.stderr;
    code ||= ended.code;
    await collectOutputs(step, files.GITHUB_OUTPUT, outputs);
  }
  return { code, output, summary: await readFile(files.GITHUB_STEP_SUMMARY, "utf8") };
}

function runStep({ run: script = "" }: Step, cwd: string, env: NodeJS.ProcessEnv): Promise<Ended> {
  return run("/bin/bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", script], { cwd, env });
}

/** The conditions that the workflows use. */
function isDue(step: Step, code: number, checkout: string): boolean {
  if (step.if === undefined) return code === 0;
  if (step.if === "always() && hashFiles('preview.txt') != ''")
    return existsSync(join(checkout, "preview.txt"));
  throw new Error(`unknown condition: ${step.if}`);
}

/** Outputs of a step with an ID: lines of `name=value`. */
async function collectOutputs({ id }: Step, file: string, outputs: Map<string, string>): Promise<void> {
  const text = await readFile(file, "utf8");
  await writeFile(file, "");
  for (const line of text.split("\n").filter((each) => each !== "")) {
    const at = line.indexOf("=");
    if (id === undefined || at < 0) throw new Error(`output without a step or a value: ${line}`);
    outputs.set(`steps.${id}.outputs.${line.slice(0, at)}`, line.slice(at + 1));
  }
}

function evaluated(
  variables: Job["env"],
  { values }: Runner,
  outputs: ReadonlyMap<string, string>,
): Record<string, string> {
  const lookUp = (expression: string): string => {
    const value = outputs.get(expression) ?? values[expression];
    if (value === undefined) throw new Error(`unknown expression: ${expression}`);
    return value;
  };
  const entries = Object.entries(variables).map(([name, text]) => [
    name,
    String(text).replace(/\$\{\{ *(.+?) *\}\}/g, (_, expression: string) => lookUp(expression)),
  ]);
  return Object.fromEntries(entries);
}
