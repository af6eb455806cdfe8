import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { packageRoot } from "../../package-root.ts";

export const GITOPS = join(packageRoot(), "examples", "gitops");
export const WORKFLOWS = ["preview", "up", "drift", "cleanup"] as const;
export type WorkflowName = (typeof WORKFLOWS)[number];

export interface Step {
  readonly name?: string;
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, unknown>>;
}

export interface Job {
  readonly environment: string;
  readonly permissions: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly defaults: { readonly run: { readonly shell: string } };
  readonly concurrency: Readonly<Record<string, unknown>>;
  readonly job: Job;
}

/** A workflow of the example, with its only job. */
export async function readWorkflow(name: WorkflowName): Promise<Workflow> {
  const text = await readFile(join(GITOPS, ".github", "workflows", `${name}.yml`), "utf8");
  const { jobs, ...workflow } = parse(text) as Omit<Workflow, "job"> & { jobs: Record<string, Job> };
  const job = jobs[name];
  if (job === undefined || Object.keys(jobs).length !== 1)
    throw new Error(`${name}.yml must have one job, ${name}`);
  return { ...workflow, job };
}
