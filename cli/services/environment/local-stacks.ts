import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { namesIn } from "../../../files/read.ts";
import { spawnPaths, stateUrlOf } from "../../../local/paths.ts";
import { listEnvironments, readEnvironmentFile } from "../../../stacks/environment-file.ts";
import { findProjectFolder } from "../../../stacks/project-folder.ts";
import { InputError, UserError } from "../../../staging/errors.ts";
import { environmentOfStack, isStackName, type StackName } from "../../../staging/stack-name.ts";
import { sweepOfStack } from "../../../staging/sweep/id.ts";
import { isRecord } from "../../../staging/type-guards.ts";
import { Context, type StepPrinter } from "../../context.ts";
import { BACKEND, backendFolder } from "../../engine/backend.ts";
import { settingsFile } from "../../engine/entry-project.ts";
import { removeHeartbeat } from "../../engine/heartbeat.ts";
import { type EngineSettings, reasonOf, runEngine } from "../../engine/process.ts";
import { openSession } from "../../engine/session.ts";
import { listStacks } from "../../engine/stacks.ts";
import { readStateFile, stacksIn } from "../../engine/state-file.ts";
import { entrySettingsHere } from "../entry/entry-settings.ts";
import { endLaunch } from "../sweep/launch-journal.ts";
import { rowsFile, settingsHere } from "../sweep/settings.ts";

type Cloud = "local" | "aws";

/** The stacks of this machine, by whether a reset of the local cloud removes them. */
interface LocalStacks {
  /** Stacks of environments on the local cloud, by their backend. */
  readonly backends: readonly Backend[];
  /** Stacks to remove from the data folder, with their settings, rows and journals. */
  readonly forgotten: readonly StackName[];
  /** Stacks to keep: their environment is on AWS, or its cloud is unknown. */
  readonly kept: readonly string[];
}

interface Backend {
  readonly url: string;
  /** An environment that uses it. */
  readonly environment: string;
  /** Undefined if only the engine can reach it. */
  readonly folder: string | undefined;
  readonly stacks: readonly string[];
}

/**
 * Finds the stacks of environments on the local cloud, in every kind of backend. The cloud of a stack comes from, in this order,
 * the settings that its upload wrote, the state of its environment, and the environment's file. A stack without any of them
 * does not count as local, and stays. Changes nothing.
 */
export async function findLocalStacks(steps: StepPrinter): Promise<LocalStacks> {
  const paths = spawnPaths();
  const environments = await cloudsOfFiles();
  const urls = new Map<string, string>();
  for (const [environment, cloud] of environments) {
    if (cloud !== "local") continue;
    const url = await new Context(environment, steps).stateUrl();
    if (url !== undefined && !urls.has(url)) urls.set(url, environment);
  }
  const own = stateUrlOf(paths);
  if (!urls.has(own)) urls.set(own, "");
  const backends: Backend[] = [];
  const kept = new Set<string>();
  for (const [url, environment] of urls) {
    const folder = backendFolder(url);
    const stacks =
      folder === undefined ? await stacksOf(environment, steps) : await stacksIn(checkpointsOf(folder));
    const local: string[] = [];
    for (const stack of stacks) {
      if (isStackName(stack) && (await cloudOf(stack, environments, url)) === "local") local.push(stack);
      else kept.add(stack);
    }
    backends.push({ url, environment, folder, stacks: local });
  }
  const forgotten: StackName[] = [];
  for (const stack of await rememberedStacks(paths.stacks)) {
    if (isStackName(stack) && (await cloudOf(stack, environments, own)) === "local") forgotten.push(stack);
    else kept.add(stack);
  }
  return { backends, forgotten, kept: [...kept].sort() };
}

/** State of deleted resources would keep the next update from creating them again. */
export async function forgetStacks(
  { backends, forgotten, kept }: LocalStacks,
  steps: StepPrinter,
): Promise<void> {
  const paths = spawnPaths();
  for (const { folder, stacks, environment } of backends) {
    if (folder === undefined) await removeByEngine(environment, stacks, steps);
    else for (const stack of stacks) await removeFromFolder(folder, stack);
  }
  for (const stack of forgotten) await forget(paths.stacks, stack);
  if (kept.length > 0) return;
  // They hold no other data.
  for (const folder of [paths.state, paths.stacks]) await rm(folder, { recursive: true, force: true });
}

/** The clouds of the environments that have a file; unknown if the file cannot be read. */
async function cloudsOfFiles(): Promise<Map<string, Cloud>> {
  const clouds = new Map<string, Cloud>();
  const folder = findProjectFolder();
  for (const name of await listEnvironments(folder)) {
    try {
      clouds.set(name, (await readEnvironmentFile(folder, name)).settings.cloud);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
  }
  return clouds;
}

async function cloudOf(
  stack: StackName,
  environments: ReadonlyMap<string, Cloud>,
  url: string,
): Promise<Cloud | undefined> {
  const [environment = ""] = stack.split(".", 1);
  return (
    (await cloudInSettings(stack)) ?? (await cloudInState(environment, url)) ?? environments.get(environment)
  );
}

async function cloudInSettings(stack: StackName): Promise<Cloud | undefined> {
  const sweep = sweepOfStack(stack);
  const settings =
    sweep === undefined
      ? await entrySettingsHere(stack)
      : await settingsHere(environmentOfStack(stack), sweep);
  return settings?.environment.cloud;
}

/** The environment's stack has its cloud among its outputs. */
async function cloudInState(environment: string, url: string): Promise<Cloud | undefined> {
  const state = await readStateFile(engineOf(url), environment);
  if (state?.kind !== "whole") return undefined;
  const resources = state.deployment?.resources;
  const stack = (Array.isArray(resources) ? resources : []).find(
    (resource: unknown) => isRecord(resource) && resource["type"] === "pulumi:pulumi:Stack",
  );
  const outputs: unknown = isRecord(stack) ? stack["outputs"] : undefined;
  const cloud = isRecord(outputs) ? outputs["cloud"] : undefined;
  return cloud === "local" || cloud === "aws" ? cloud : undefined;
}

const engineOf = (url: string): EngineSettings => ({
  command: "pulumi",
  env: { PULUMI_BACKEND_URL: url },
  project: spawnPaths().stacks,
});

const checkpointsOf = (folder: string): string => join(folder, BACKEND.stacks);

/** Stacks in a backend that is not a folder, of the environment that uses it only. */
async function stacksOf(environment: string, steps: StepPrinter): Promise<string[]> {
  const context = new Context(environment, steps);
  // An earlier reset has removed the bucket from the local cloud.
  if ((await (await context.stateObjects())?.exists()) === false) return [];
  const { entryProject } = await openSession(context);
  const stacks = await listStacks(entryProject);
  return stacks.filter((stack) => stack === environment || stack.startsWith(`${environment}.`));
}

async function removeByEngine(
  environment: string,
  stacks: readonly string[],
  steps: StepPrinter,
): Promise<void> {
  if (stacks.length === 0) return;
  const context = new Context(environment, steps);
  // The reset has deleted the state with its bucket.
  if ((await (await context.stateObjects())?.exists()) === false) return;
  const { entryProject } = await openSession(context);
  for (const stack of stacks) {
    const run = await runEngine(entryProject, [
      "stack",
      "rm",
      stack,
      "--force",
      "--yes",
      "--preserve-config",
    ]);
    if (run.exitCode === 0 || /no stack named/.test(run.stderr)) continue;
    throw new UserError(`the stack ${stack} could not be removed`, {
      why: reasonOf(run),
      fix: "Run the command again.",
    });
  }
}

/** Paths of everything that the engine keeps of a stack: https://www.pulumi.com/docs/iac/concepts/state-and-backends/ */
async function removeFromFolder(folder: string, stack: string): Promise<void> {
  for (const name of await namesIn(checkpointsOf(folder)))
    if (/^\.json\b/.test(name.slice(stack.length)) && name.startsWith(stack))
      await rm(join(checkpointsOf(folder), name), { force: true });
  for (const part of [BACKEND.history, BACKEND.backups, BACKEND.locks])
    await rm(join(folder, part, stack), { recursive: true, force: true });
  await removeHeartbeat(pathToFileURL(folder).href, stack);
}

/** Stacks with settings or a journal in the data folder. A launch has its journal only beside its settings. */
async function rememberedStacks(folder: string): Promise<string[]> {
  const settings = (await namesIn(folder)).flatMap((name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1] ?? []);
  const journals = (await namesIn(join(folder, "unfinished"))).flatMap(
    (name) => /^(.+)\.json$/.exec(name)?.[1] ?? [],
  );
  return [...new Set([...settings, ...journals])];
}

async function forget(folder: string, stack: StackName): Promise<void> {
  for (const name of await namesIn(join(folder, "unfinished")))
    if (name.startsWith(`${stack}.json`))
      await rm(join(folder, "unfinished", name), { recursive: true, force: true });
  await rm(settingsFile(folder, stack), { force: true });
  const sweep = sweepOfStack(stack);
  if (sweep === undefined) return;
  await rm(rowsFile(folder, sweep), { force: true });
  await endLaunch(stack);
}
