import { existsSync } from "node:fs";
import { mkdtemp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { GITOPS, type WorkflowName } from "../../examples/workflows.ts";
import { run, succeed } from "./process.ts";

/** The repository, the machine and the variables of GitLab for a run. */
interface Runner {
  /** The remote repository. */
  readonly remote: string;
  /** A folder for checkouts. */
  readonly folder: string;
  /** The variables of the machine, and those of the project. */
  readonly env: NodeJS.ProcessEnv;
}

interface Job {
  readonly extends?: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly before_script?: readonly string[];
  readonly script?: readonly string[];
  readonly artifacts?: { readonly paths: readonly string[] };
}

export interface JobResult {
  readonly code: number;
  readonly output: string;
  /** The text of the job's artifacts. */
  readonly artifacts: string;
}

/**
 * Runs the scripts of a job of GitLab in a fresh checkout of a branch, as its runner does: in one shell that ends at the first error.
 * The test provides the token and the credentials.
 * https://docs.gitlab.com/ci/yaml/#before_script
 */
export async function runGitLabJob(runner: Runner, name: WorkflowName, branch: string): Promise<JobResult> {
  const job = await readJob(name);
  const folder = await mkdtemp(join(runner.folder, `gitlab ${name} `));
  const checkout = join(folder, "staged-data");
  const clone = ["clone", "--quiet", "--branch", branch, runner.remote, checkout];
  await succeed(run("git", clone, { env: runner.env }));
  const env = expanded({ ...runner.env, CI_PROJECT_DIR: checkout }, job.variables ?? {});
  const script = [...(job.before_script ?? []), ...(job.script ?? [])].join("\n");
  const { code, stdout, stderr } = await run("/bin/bash", ["-eo", "pipefail", "-c", script], {
    cwd: checkout,
    env,
  });
  const files = (job.artifacts?.paths ?? []).map((path) => join(checkout, path)).filter(existsSync);
  const artifacts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  return { code, output: stdout + stderr, artifacts: artifacts.join("") };
}

/** A job of the example with the keys of the job that it extends; maps are merged, lists are not. */
async function readJob(name: WorkflowName): Promise<Job> {
  const jobs = parse(await readFile(join(GITOPS, ".gitlab-ci.yml"), "utf8")) as Record<string, Job>;
  const job = jobs[name];
  const base = jobs[job?.extends ?? ""];
  if (job?.script === undefined || base === undefined) throw new Error(`.gitlab-ci.yml has no job ${name}`);
  return { ...base, ...job, variables: { ...base.variables, ...job.variables } };
}

/** The variables of a job can name other variables. https://docs.gitlab.com/ci/variables/where_variables_can_be_used/ */
function expanded(env: NodeJS.ProcessEnv, variables: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const entries = Object.entries(variables).map(([name, text]) => [
    name,
    text.replace(/\$(\w+)/g, (_, other: string) => {
      const value = env[other];
      if (value === undefined) throw new Error(`unknown variable: ${other}`);
      return value;
    }),
  ]);
  return { ...env, ...Object.fromEntries(entries) };
}
