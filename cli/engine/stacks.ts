import { UserError } from "../../staging/errors.ts";
import { type EngineSettings, reasonOf, runEngine } from "./process.ts";
import { stacksFolder, stacksIn } from "./state-file.ts";

/**
 * Lists the project's stacks. A `file://` backend is listed without the engine, because the engine reads every checkpoint and fails at
 * a damaged one.
 */
export async function listStacks(settings: EngineSettings): Promise<string[]> {
  const folder = await stacksFolder(settings);
  if (folder !== undefined) return await stacksIn(folder);
  const run = await runEngine(settings, ["stack", "ls", "--json"]);
  if (run.exitCode !== 0) {
    throw new UserError("the stacks cannot be listed", {
      why: reasonOf(run),
      fix: "spawn doctor",
    });
  }
  return (JSON.parse(run.stdout) as { name: string }[]).map(({ name }) => name);
}

/** The outputs of a stack's last update. @throws UserError if the stack does not exist */
export async function readOutputs(
  settings: EngineSettings,
  stack: string,
): Promise<Readonly<Record<string, unknown>>> {
  const run = await runEngine(settings, ["stack", "output", "--json", "--stack", stack]);
  if (run.exitCode === 0) return JSON.parse(run.stdout) as Record<string, unknown>;
  throw new UserError(`environment ${stack} cannot be read`, {
    why: reasonOf(run),
    fix: (_spell, command) => command("spawn environment up"),
  });
}
