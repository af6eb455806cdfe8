import { ensureEngine } from "../../local/engine/engine.ts";
import { packageRoot, spawnPaths } from "../../local/paths.ts";
import { progressPrinter } from "../../local/progress.ts";
import { toolEnvironment } from "../../local/tool-environment.ts";
import type { EnvironmentSettings } from "../../staging/environment.ts";
import type { Context } from "../context.ts";
import { prepareEntryProject } from "./entry-project.ts";
import type { EngineSettings } from "./process.ts";

/** An engine that is ready to work on one environment. */
export interface EngineSession {
  readonly settings: EnvironmentSettings;
  /** For the environment's stack: the project of the repository, with its `Pulumi.<environment>.yaml`. */
  readonly environmentProject: EngineSettings;
  /** For the stacks of entries: the project in the user's data folder. */
  readonly entryProject: EngineSettings;
}

/**
 * Finds, or on the first use makes, the engine and starts the local cloud where the environment is on it.
 * @throws UserError when there is no engine and none can be made
 */
export async function openSession(context: Context): Promise<EngineSession> {
  const paths = spawnPaths();
  const printer = progressPrinter(process.stderr);
  const engineReady = ensureEngine({ onProgress: printer.onProgress }).finally(printer.done);
  const [settings, engine, endpoint] = await Promise.all([
    context.settings(),
    engineReady,
    context.endpoint(),
    prepareEntryProject(paths.stacks, packageRoot()),
  ]);
  const env = toolEnvironment({
    engine,
    cloud: settings.cloud,
    region: settings.tableRegion,
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  const project = (folder: string): EngineSettings => ({ command: engine.command, env, project: folder });
  return { settings, environmentProject: project(packageRoot()), entryProject: project(paths.stacks) };
}
