import { mkdir } from "node:fs/promises";
import type { Target } from "../../connection/child-variables.ts";
import { changed, type VariableChanges } from "../../connection/variables.ts";
import { type EngineInfo, ensureEngine } from "../../local/engine/engine.ts";
import { commandVariables } from "../../local/engine/variables.ts";
import { spawnPaths, stateUrlOf } from "../../local/paths.ts";
import { makeDataFolder } from "../../local/private-folders.ts";
import { progressPrinter } from "../../local/progress.ts";
import { shellVariables } from "../../local/shell-variables.ts";
import { toolEnvironment } from "../../local/tool-environment.ts";
import { packageRoot } from "../../package-root.ts";
import { findProjectFolder } from "../../stacks/project-folder.ts";
import type { EnvironmentSettings } from "../../staging/environment.ts";
import { ExactScreen } from "../screen.ts";
import type { BucketObjects } from "./bucket-objects.ts";
import { prepareEntryProject } from "./entry-project.ts";
import type { EngineSettings } from "./process.ts";

/** The settings of an environment that the engine needs. */
export interface SessionSource {
  settings(): Promise<EnvironmentSettings>;
  connection(): Promise<unknown>;
  target(): Promise<Target>;
  stateUrl(): Promise<string | undefined>;
  stateObjects(backend?: string): Promise<BucketObjects | undefined>;
}

/** An engine that is ready to update the stacks of one environment. */
export interface EngineSession {
  readonly settings: EnvironmentSettings;
  /** For the environment's stack: the project folder, with its `Pulumi.<environment>.yaml`. */
  readonly environmentProject: EngineSettings;
  /** For the stacks of entries: the project in the user's data folder. */
  readonly entryProject: EngineSettings;
}

/** The engine, and the changes to the user's variables for `pulumi` and AWS clients. */
interface EngineTools {
  readonly engine: EngineInfo;
  readonly settings: EnvironmentSettings;
  readonly variables: VariableChanges;
}

/**
 * Finds or builds the engine, and starts the local cloud if the environment runs on it.
 * @param backend URL of the state. @default the environment's backend
 * @throws UserError if the engine is neither found nor built
 */
export async function prepareTools(
  source: SessionSource,
  signal?: AbortSignal,
  backend?: string,
): Promise<EngineTools> {
  // First, so that a wrong environment fails before the engine is built.
  const settings = await source.settings();
  makeDataFolder();
  const printer = progressPrinter(new ExactScreen(process.stderr));
  const [engine, target, stateUrl] = await Promise.all([
    ensureEngine({ onProgress: printer.onProgress, signal }).finally(printer.done),
    source.target(),
    backend ?? source.stateUrl(),
  ]);
  // The engine accepts only an existing folder as its backend.
  if (stateUrl === stateUrlOf(spawnPaths())) await mkdir(spawnPaths().state, { recursive: true });
  return { engine, settings, variables: toolEnvironment({ engine, target, stateUrl }) };
}

/** Prepares updates of the environment's stack and of its entries' stacks. */
export async function openSession(
  source: SessionSource,
  signal?: AbortSignal,
  backend?: string,
): Promise<EngineSession> {
  const entries = spawnPaths().stacks;
  const objects = await source.stateObjects(backend);
  const [{ engine, settings, variables }] = await Promise.all([
    prepareTools(source, signal, backend),
    prepareEntryProject(entries, packageRoot()),
    // The program runs in this process, and its gRPC connection to the engine must not use a proxy.
    source.connection(),
    objects?.check(),
  ]);
  const tools = changed(process.env, variables);
  const env = changed(tools, { ...commandVariables(tools), ...shellVariables(tools) });
  const project = (folder: string): EngineSettings => ({
    ...{ command: engine.command, env, project: folder },
    ...(objects === undefined ? {} : { objects }),
  });
  return { settings, environmentProject: project(findProjectFolder()), entryProject: project(entries) };
}
